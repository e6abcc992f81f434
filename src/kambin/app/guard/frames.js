// Frames of the socket are read in the order in which they come.
//
// The client reads each frame as a Blob, whose bytes the browser fetches beside the page: a short frame that came
// later is then read before a long one, and what is older ends over what is newer. Bytes that are there at once
// leave no room for that. Loaded before the client opens its socket.
(function () {
  "use strict";

  // As much of a Blob as the client asks of a frame.
  class Frame {
    constructor(bytes) {
      this.bytes = bytes;
    }

    slice(from, to) {
      return new Frame(this.bytes.slice(from, to));
    }

    async arrayBuffer() {
      return this.bytes;
    }
  }

  window.WebSocket = class extends WebSocket {
    set binaryType(_asked) {
      super.binaryType = "arraybuffer";
    }

    set onmessage(hear) {
      super.onmessage = (event) => hear({ data: new Frame(event.data) });
    }
  };
})();

"""The address that takes uploads: streamed to a private folder, handed over when whole."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

from aiohttp import BodyPartReader, web

from kambin.app.guard.archives import CHUNK_BYTES, is_archive, unpack_archive
from kambin.app.guard.refusals import make_refusal
from kambin.app.guard.uploads import Receiving, Upload, UploadLimits, not_accepted, over_limit

UPLOADS: Final = 4
"""At once."""

SLOW_BODY_S: Final = 30.0
"""How long a part may stay silent."""

LEASE_HEADER: Final = "X-Kambin-Lease"
"""Names the tab: only the one that writes uploads, and no form of a foreign page sets it."""

HandOver = Callable[[Upload], Awaitable[None] | None]
_Came = TypeVar("_Came")


class UploadDesk:
    """Receives uploads for whoever takes them.

    Parameters
    ----------
    may_upload : says whether a lease is that of the tab that writes
    hand_over : called with each upload that is whole
    limits : UploadLimits
    slow_s : how long a part may stay silent

    Notes
    -----
    ``folder`` is where uploads lie; until it is told, none is taken.
    """

    def __init__(
        self,
        may_upload: Callable[[str], bool],
        hand_over: HandOver,
        limits: UploadLimits | None = None,
        slow_s: float = SLOW_BODY_S,
    ) -> None:
        self._may_upload = may_upload
        self._hand_over = hand_over
        self._limits = limits or UploadLimits()
        self._slow_s = slow_s
        self._coming = 0
        self.folder: Path | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take one upload.

        Raises
        ------
        SessionError  (SE-015) from a tab that only reads; (SE-014) for one upload too many
        InputError  (IN-120) over a limit, (IN-121) for what is no upload, (IN-067, IN-002) for an
            archive that is not unpacked
        """
        if not self._may_upload(request.headers.get(LEASE_HEADER, "")):
            raise make_refusal(code="SE-015")
        if self._coming >= UPLOADS or self.folder is None:
            raise make_refusal(code="SE-014", where="uploads")
        self._coming += 1
        try:
            with Receiving(self.folder, self._limits) as receiving:
                await self._receive(request, receiving)
                upload = receiving.finish()
        finally:
            self._coming -= 1
        taken = self._hand_over(upload)
        if taken is not None:
            await taken
        return web.json_response({"schema_version": 1, "files": len(upload.files)})

    async def _receive(self, request: web.Request, receiving: Receiving) -> None:
        if not request.content_type.startswith("multipart/form-data"):
            raise not_accepted(why="The request is no form with files.")
        # an announced length can only speak against an upload
        if (request.content_length or 0) > receiving.limits.bytes_sent:
            raise over_limit(why=f"It is larger than {receiving.limits.bytes_sent} bytes.")
        try:
            form = await request.multipart()
            while (part := await self._soon(form.next())) is not None:
                if not isinstance(part, BodyPartReader) or not part.filename:
                    raise not_accepted(why="A part of the form is no file.")
                await self._keep(part, receiving)
        except TimeoutError as error:
            raise over_limit(why=f"Nothing came for {self._slow_s:g} s.") from error
        except (ValueError, AssertionError, web.RequestPayloadError) as error:
            # what the form reader raises where a form breaks off or its headers make no sense
            raise not_accepted(why="The form breaks off or is no form.") from error

    async def _keep(self, part: BodyPartReader, receiving: Receiving) -> None:
        """Write one file as it comes; unpack it afterwards if it is an archive."""
        role = part.name or ""
        path = receiving.place(role, part.filename or "")
        head = b""
        with path.open("xb") as out:
            while chunk := await self._soon(part.read_chunk(CHUNK_BYTES)):
                head = head or bytes(chunk[:8])
                receiving.count_sent(len(chunk))
                receiving.count_kept(len(chunk))
                out.write(chunk)
        if is_archive(head):
            await asyncio.to_thread(_unpack_whole, path, role, receiving)

    async def _soon(self, coming: Awaitable[_Came]) -> _Came:
        async with asyncio.timeout(self._slow_s):
            return await coming


def _unpack_whole(path: Path, role: str, receiving: Receiving) -> None:
    archive = path.with_suffix(".archive")
    path.rename(archive)
    receiving.forget_last()
    try:
        unpack_archive(archive, role, receiving)
    finally:
        archive.unlink()

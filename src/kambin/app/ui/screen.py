"""The page: the fragments laid out, with the state they read set to its first values."""

from dataclasses import asdict

from trame.ui.vuetify3 import VAppLayout
from trame_server import Server
from trame_server.state import State

from kambin.app.state import EVERYTHING, EYE, PANES, PARTS, STILLS, Shown, pane_name
from kambin.app.ui.files import client_module, read_page
from kambin.app.ui.forms import FORMS
from kambin.app.ui.space import SpaceView
from kambin.app.ui.theme import vuetify_config


def build_screen(server: Server, space: SpaceView) -> VAppLayout:
    """Lay out the page of a server and set every value it reads.

    Parameters
    ----------
    server : trame Server of client type ``vue3``, not started
    space : SpaceView, the scene of the fourth pane
    """
    server.enable_module(client_module())
    state = server.state
    state.trame__title = "Kambin"
    # what stands instead of everything when the socket is gone
    state.trame__template_error = "<kambin-cut />"
    state.client_only(*FORMS)
    for name, value in FORMS.items():
        state[name] = value
    for kind in EVERYTHING:
        publish(state, kind())
    state[EYE] = None
    for pane in (*PANES, *STILLS):
        for part in PARTS:
            state[pane_name(pane).replace("pane_", part)] = None
    layout = VAppLayout(server, vuetify_config=vuetify_config())
    with layout:
        layout.root.add_child(read_page(space=space.place_in(server)))
    return layout


def publish(state: State, shown: Shown) -> None:
    """Send a value to the browser, if it differs from what is there.

    Parameters
    ----------
    state : trame State
    shown : one of the values of ``kambin.app.state``
    """
    state[shown.NAME] = asdict(shown)

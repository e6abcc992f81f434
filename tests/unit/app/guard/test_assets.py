"""The closed list of files, and the page that loads them (W-7, W-13)."""

from pathlib import Path

import pytest

from kambin.app.guard.assets import FRAMES, Asset, find_tags, list_assets, make_page

CLIENT_PAGE = """<!doctype html>
<html lang="en">
  <head>
    <base href="." />
    <link rel="icon" href="logo.png" />
    <script src="vue.global.js"></script>
    <script type="module" crossorigin src="./assets/index-abc.js"></script>
    <link rel="stylesheet" crossorigin href="./assets/index-abc.css">
  </head>
  <body onload="start()">
    <div id="app"></div>
    <script>
      fetch("./loading.tpl").then((r) => r.text());
    </script>
  </body>
</html>
"""


@pytest.fixture
def a_folder(tmp_path: Path) -> Path:
    """A library's folder, with all that does not belong into one."""
    folder = tmp_path / "library"
    (folder / "fonts").mkdir(parents=True)
    (folder / "code.js").write_text("1")
    (folder / "fonts" / "symbols.woff2").write_bytes(b"font")
    (folder / ".gitignore").write_text("*")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.js").symlink_to(tmp_path / "secret.txt")
    (folder / "linked").symlink_to(tmp_path)
    return folder


def test_every_plain_file_has_one_address(a_folder: Path) -> None:
    assert list_assets({"/lib": a_folder}) == (
        Asset("/lib/code.js", a_folder / "code.js"),
        Asset("/lib/fonts/symbols.woff2", a_folder / "fonts" / "symbols.woff2"),
    )


def test_no_link_and_nothing_hidden_is_served(a_folder: Path) -> None:
    served = {asset.file.name for asset in list_assets({"": a_folder})}
    assert not served & {"link.js", "secret.txt", ".gitignore"}


def test_a_file_that_comes_later_is_not_served(a_folder: Path) -> None:
    listed = list_assets({"": a_folder})
    (a_folder / "later.js").write_text("2")
    assert "later.js" not in {asset.file.name for asset in listed}


def test_folders_that_are_not_there_serve_nothing(tmp_path: Path) -> None:
    assert list_assets({"/x": tmp_path / "nothing"}) == ()
    assert list_assets({}) == ()


def test_the_page_has_the_scripts_of_the_client_in_their_order() -> None:
    assert list(find_tags(CLIENT_PAGE)) == [
        '<script src="vue.global.js"></script>',
        '<script type="module" crossorigin src="./assets/index-abc.js"></script>',
        '<link rel="stylesheet" crossorigin href="./assets/index-abc.css">',
    ]


def test_frames_are_put_in_order_before_the_client_opens_its_socket() -> None:
    page = make_page(CLIENT_PAGE, "/socket-key")
    assert FRAMES.file.is_file()
    assert 0 < page.index(f'src=".{FRAMES.address}"') < page.index("vue.global.js")


def test_the_page_has_nothing_that_our_policy_would_stop() -> None:
    page = make_page(CLIENT_PAGE, "/socket-key")
    for word in ("<script>", "fetch(", "onload", "<base", "<style", "style=", "logo.png"):
        assert word not in page
    assert 'data-session-manager-url="/socket-key"' in page
    assert '<div id="app"></div>' in page

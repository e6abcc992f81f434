"""The secrets of a start (W-2)."""

import base64
import stat

import pytest

from kambin.app.guard.keys import HOP_FILE, KEY_BYTES, TOKEN_FILE, Keys, is_same, kept_privately


def test_each_secret_of_each_start_is_its_own() -> None:
    two = (Keys(), Keys())
    secrets = {value for k in two for value in (k.token, k.cookie, k.socket)}
    assert len(secrets) == 6
    assert {len(base64.urlsafe_b64decode(s + "=")) for s in secrets} == {KEY_BYTES}
    assert KEY_BYTES * 8 == 256


def test_secrets_are_not_shown_where_keys_are_printed() -> None:
    keys = Keys()
    assert not any(secret in repr(keys) for secret in (keys.token, keys.cookie, keys.socket))


@pytest.mark.parametrize("said", [None, "", "x", "päth"])
def test_what_is_not_the_secret_is_not_the_same(said: str | None) -> None:
    assert not is_same(said, "secret")


def test_an_empty_secret_lets_nobody_in() -> None:
    assert not is_same("", "")
    assert is_same("secret", "secret")


def test_the_token_is_kept_for_this_user_alone_and_gone_at_the_end() -> None:
    keys = Keys()
    with kept_privately(keys, "http://127.0.0.1:1/open?token=T") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for name in (TOKEN_FILE, HOP_FILE):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        assert (folder / TOKEN_FILE).read_text() == keys.token
        assert "http://127.0.0.1:1/open?token=T" in (folder / HOP_FILE).read_text()
    assert not folder.exists()


def test_the_token_is_gone_after_a_failure_too() -> None:
    folders = []

    def fail() -> None:
        with kept_privately(Keys(), "http://127.0.0.1:1/") as folder:
            folders.append(folder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not folders[0].exists()

"""What a person sees of rules, faults and other tabs, on a workstation that is open in a moment."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect
from pytest_socket import enable_socket
from tests.e2e.app import guided
from tests.e2e.app.contrast import measure_contrast
from tests.e2e.app.made_workstation import made_workstation, planned_session
from tests.unit.planning.simple_spine import Recipe, build_case, build_simple_spine
from tests.workstation import Running

from kambin.app.logic.session import Session
from kambin.exchange import write_case

TEXT, GRAPHICAL = 4.5, 3.0
VERDICT = "[data-name=verdict]"
HOSTILE = '"><img src=x onerror=stolen=1>{{constructor.constructor("stolen=1")()}}=1+1'
"""Names the case and the person: markup, a template of the page, and a formula."""

REFUSED = """async ([name, given]) => {
    try { await trame.trigger(name, given); return "done"; }
    catch (error) { return error.data?.error?.code ?? String(error); }
}"""
WATCH_THE_SILENCE = """() => {
    window.lostAt = window.heardAt = undefined;
    const pull = trame.trigger.bind(trame);
    trame.trigger = async (name, ...given) => {
        const answer = await pull(name, ...given);
        if (name === "alive") window.heardAt = performance.now();
        return answer;
    };
    new MutationObserver(() => {
        if (document.querySelector("[data-name=lost]")) window.lostAt ??= performance.now();
    }).observe(document, {childList: true, subtree: true});
}"""
"""Notes when the server was heard last, and when the screen said that it is not."""

WATCH_THE_SLEEP = """() => {
    let last = performance.now();
    window.sleptMs = 0;
    setInterval(() => {
        const now = performance.now();
        if (now - last > sleptMs) [window.sleptMs, window.wokeAt] = [now - last, now];
        last = now;
    }, 20);
}"""
"""Notes how long the page did nothing at most, and when it went on."""

TOLD_AFTER_MS = 150
"""A step of the clock of a browser whose cores are busy."""

SLOW_ANSWERS = """() => {
    window.answered = 0;
    const pull = trame.trigger.bind(trame);
    trame.trigger = async (name, ...given) => {
        await new Promise((done) => setTimeout(done, name === "path_type" ? 500 : 0));
        const answer = await pull(name, ...given);
        if (name === "path_type") window.answered += 1;
        return answer;
    };
}"""
"""Has what is typed answered late, after the next field was entered."""

TO_THE_EDGE = """async ([across, down]) => {
    const entry = trame.state.get("over_axial").handles.find((one) => one.name === "entry");
    const {width, height} = trame.state.get("pane_axial");
    const wanted = [8 + across * (width - 16), 8 + down * (height - 16)];
    await trame.trigger("pane_pan", ["axial", wanted[0] - entry.x, wanted[1] - entry.y]);
    return wanted;
}"""
"""Moves the picture until the entry stands near an edge of it."""

TARGET_TO_THE_MIDDLE = """async () => {
    const target = trame.state.get("over_axial").handles.find((one) => one.name === "target");
    const {width, height} = trame.state.get("pane_axial");
    await trame.trigger("pane_pan", ["axial", width / 2 - target.x, height / 2 - target.y]);
}"""
"""Moves the picture until the target is there for a hand, wherever tests before have moved it."""

UNDER_THE_MESSAGE = """() => {
    const message = document.querySelector("[data-name=message]");
    const box = message.getBoundingClientRect();
    const found = box.bottom > innerHeight || box.height < 20 ? ["the window"] : [];
    const others = "button, input, select, [data-place], [data-gap]";
    for (const one of document.querySelectorAll(others)) {
        const other = one.getBoundingClientRect();
        const apart = other.right <= box.left || other.left >= box.right
            || other.bottom <= box.top || other.top >= box.bottom;
        if (!apart && other.width && !message.contains(one)) found.push(one.outerHTML.slice(0, 90));
    }
    return found;
}"""
"""Names what a message lies over."""

WATCH_THE_LINE = """() => {
    const Real = WebSocket;
    window.WebSocket = class extends Real {
        constructor(...given) {
            super(...given);
            this.addEventListener("close", () => { window.cutAt ??= performance.now(); });
        }
    };
    new MutationObserver(() => {
        if (document.querySelector("[data-name=cut]")) window.saidAt ??= performance.now();
    }).observe(document, {childList: true, subtree: true});
}"""
"""Notes when the socket closed, and when the screen said so."""


@contextmanager
def asleep(browser: Browser) -> Iterator[None]:
    """Stop what draws the pages, as a machine that sleeps does, and let it go on afterwards."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [int(one["id"]) for one in told if one["type"] == "renderer"]
    for renderer in renderers:
        os.kill(renderer, signal.SIGSTOP)
    try:
        yield
    finally:
        for renderer in renderers:
            os.kill(renderer, signal.SIGCONT)


@pytest.fixture(scope="module")
def a_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Session]]:
    """A workstation with a plan of the spine of boxes in its case folder."""
    enable_socket()
    folder = tmp_path_factory.mktemp("workstation") / HOSTILE

    def make() -> Session:
        session = planned_session(folder)
        assert session.place is not None
        session.place = replace(session.place, by=HOSTILE)
        return session

    with made_workstation(make) as desk:
        yield desk


@pytest.fixture(scope="module")
def a_tab(a_browser: Browser, a_desk: tuple[Running, Session]) -> Iterator[Page]:
    """The tab that writes."""
    context = a_browser.new_context(
        viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.add_init_script(f"({WATCH_THE_LINE})()")
    page.goto(a_desk[0].first_hop)
    expect(page.locator("[data-pane=axial] .kb-tool")).to_have_count(2)
    yield page
    context.close()


@pytest.fixture
def an_examined_tab(a_tab: Page) -> Page:
    """The tab at the step that examines a path."""
    guided.click(a_tab.locator("[data-step='5']"))
    expect(a_tab.locator("[data-panel=examine]")).to_be_visible()
    return a_tab


@pytest.fixture
def a_typed_path(an_examined_tab: Page) -> Iterator[Page]:
    """The tab with the fields of the path open; what is typed there is undone."""
    page = an_examined_tab
    guided.click(page.locator("[data-more=type]"))
    before = page.locator(VERDICT).inner_text()
    yield page
    page.locator(VERDICT).click()
    while page.evaluate("trame.state.get('header').can_undo"):
        page.evaluate("trame.trigger('undo', [])")
    expect(page.locator(VERDICT)).to_have_text(before, use_inner_text=True)
    guided.click(page.locator("[data-more=type]"))


def _type(page: Page, field: str, words: str) -> None:
    page.fill(f"[name={field}]", words)
    page.press(f"[name={field}]", "Enter")
    # answered in turn: what was typed is shown anew before the next word
    page.evaluate("trame.trigger('alive', [])")


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 6, 8])
def test_every_text_and_line_of_a_step_stands_out(a_tab: Page, step: int) -> None:
    guided.click(a_tab.locator(f"[data-step='{step}']"))
    expect(a_tab.locator(f"[data-step='{step}']")).to_have_attribute("aria-current", "step")
    _stands_out(measure_contrast(a_tab))


def test_every_text_and_line_of_the_operating_room_stands_out(a_tab: Page) -> None:
    guided.strike(a_tab, "o")
    expect(a_tab.locator("[data-name=room-screen]")).to_be_visible()
    measured = measure_contrast(a_tab)
    guided.strike(a_tab, "o")
    expect(a_tab.locator("[data-name=room-screen]")).to_have_count(0)
    _stands_out(measured)


def _stands_out(measured: tuple[dict[str, float], dict[str, float]]) -> None:
    words, lines = measured
    assert len(words) > 60
    assert len(lines) > 20
    assert {what: ratio for what, ratio in words.items() if ratio < TEXT} == {}
    assert {what: ratio for what, ratio in lines.items() if ratio < GRAPHICAL} == {}


def test_what_is_meant_is_said_without_colour(an_examined_tab: Page) -> None:
    page = an_examined_tab
    # a mark and a word for each step, a word in each row, a sign for each end of the path
    for step in page.locator("[data-step]").all():
        said = step.get_attribute("aria-label") or ""
        assert ("closed" in said) or ("done" in said) == ("is-done" in _classes(step))
    for row in page.locator("[data-gap]").all():
        assert row.locator("td").last.inner_text().strip()
    expect(page.locator(VERDICT)).to_contain_text("NOT A PLAN")
    ends = page.locator("[data-pane=axial] .kb-handle-word").all_text_contents()
    assert sorted(word[0] for word in ends) == ["E", "T"]


def _classes(element: object) -> str:
    return str(element.get_attribute("class"))  # type: ignore[attr-defined]


def _pan_entry_to(page: Page, across: float, down: float) -> list[float]:
    """Bring the entry to an edge of the axial pane, and return where that is, pixels.

    A pane that is laid out anew meanwhile has another edge: then it is asked again.
    """
    for _ in range(6):
        wanted: list[float] = page.evaluate(TO_THE_EDGE, [across, down])
        with suppress(TimeoutError):
            page.wait_for_function(
                "([x, y]) => { const e = trame.state.get('over_axial').handles"
                ".find((one) => one.name === 'entry'); return Math.hypot(e.x - x, e.y - y) < 2; }",
                arg=wanted,
                timeout=5_000,
            )
            return wanted
    raise AssertionError("the entry does not come to the edge")


@pytest.mark.parametrize(("across", "down"), [(1.0, 0.5), (0.0, 0.5), (0.5, 0.0), (1.0, 0.0)])
def test_the_letter_of_a_disc_at_an_edge_is_not_cut(
    an_examined_tab: Page, across: float, down: float
) -> None:
    page = an_examined_tab
    before = page.evaluate("trame.state.get('over_axial').handles[0]")
    wanted = _pan_entry_to(page, across, down)
    # what the state says is drawn with the next frames
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    word = page.locator("[data-pane=axial] .kb-handle-entry .kb-handle-word").bounding_box()
    pane = page.locator("[data-pane=axial] .kb-overlay").bounding_box()
    assert word is not None
    assert pane is not None
    assert pane["x"] <= word["x"]
    assert word["x"] + word["width"] <= pane["x"] + pane["width"]
    assert pane["y"] <= word["y"]
    back = [before["x"] - wanted[0], before["y"] - wanted[1]]
    page.evaluate("by => trame.trigger('pane_pan', ['axial', ...by])", back)


def test_p03_an_entry_on_the_other_side_is_said_at_once(a_typed_path: Page) -> None:
    _type(a_typed_path, "entry-0", "-80")
    expect(a_typed_path.locator(VERDICT)).to_contain_text("WRONG SIDE")
    expect(a_typed_path.locator(VERDICT)).to_contain_text("the plan is for the LEFT")
    expect(a_typed_path.locator("[data-name=path-seal]")).to_be_disabled()


def test_p04_a_struck_structure_is_said_with_its_depth_and_millimetres(a_typed_path: Page) -> None:
    expect(a_typed_path.locator(VERDICT)).to_contain_text("exiting root L4 left")
    expect(a_typed_path.locator(VERDICT)).to_contain_text("mm below the skin")
    expect(a_typed_path.locator("[data-name=path-seal]")).to_be_disabled()
    _type(a_typed_path, "entry-1", "20")
    # nothing was reckoned there, which is said, and no number of another path stays
    expect(a_typed_path.locator(VERDICT)).to_contain_text("Not measured yet")
    expect(a_typed_path.locator("[data-gap]")).to_have_count(0)


def test_what_is_being_typed_is_replaced_by_no_answer(a_typed_path: Page) -> None:
    """Of the field before: its answer moves the entry along the skin, and this number with it."""
    page = a_typed_path
    first, second = page.locator("[name=entry-0]"), page.locator("[name=entry-1]")
    number = float(first.input_value())
    first.fill(f"{number + 3.0:.1f}")
    page.evaluate(SLOW_ANSWERS)
    first.press("Tab")
    expect(second).to_be_focused()
    second.press_sequentially("12")
    page.wait_for_function("answered > 0")
    assert second.input_value() == "12"
    second.press_sequentially(".5")
    assert second.input_value() == "12.5"
    # and a field that is not typed in follows what was answered
    second.fill("twelve")
    second.press("Enter")
    expect(page.locator("[data-name=message]")).to_have_count(1)
    now = page.evaluate("trame.state.get('examine_view').entry")
    expect(second).to_have_value(now[1])
    expect(first).to_have_value(now[0])
    guided.click(page.locator("[data-name=message] button"))


def test_p05_a_path_without_length_shows_words_and_never_a_nan(a_typed_path: Page) -> None:
    page = a_typed_path
    for axis in range(3):
        _type(page, f"entry-{axis}", page.input_value(f"[name=target-{axis}]"))
    expect(page.locator(VERDICT)).to_contain_text("NOT A PATH")
    shown = page.locator(".kb-app").inner_text()
    assert not [word for word in ("NaN", "Infinity", "undefined", "null") if word in shown]


@pytest.mark.parametrize("typed", ["twelve", "nan", "1e999", ""])
def test_what_is_no_number_changes_nothing_and_is_told(a_typed_path: Page, typed: str) -> None:
    page = a_typed_path
    before = page.input_value("[name=entry-0]")
    _type(page, "entry-0", typed)
    message = page.locator("[data-name=message]")
    expect(message).to_have_count(1)
    expect(message).to_contain_text("number")
    assert page.evaluate("trame.state.get('examine_view').entry[0]") == before
    guided.click(message.locator("button"))
    expect(message).to_have_count(0)


def test_a_message_stays_within_its_frame(a_typed_path: Page) -> None:
    _type(a_typed_path, "entry-0", "twelve")
    message = a_typed_path.locator("[data-name=message]")
    expect(message).to_have_count(1)
    assert message.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    guided.click(message.locator("button"))


@pytest.mark.parametrize("size", [(1024, 768), (1366, 768), (1920, 1080)])
def test_a_message_covers_no_control_and_no_view(a_typed_path: Page, size: tuple[int, int]) -> None:
    page = a_typed_path
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for words in ("twelve", "thirteen"):
        _type(page, "entry-0", words)
    message = page.locator("[data-name=message]")
    expect(message).to_have_count(1)
    assert page.evaluate(UNDER_THE_MESSAGE) == []
    # a place of its own, within the window
    guided.nothing_is_cut(page)
    guided.click(page.locator("[data-third=coronal]"))
    expect(page.locator("[data-third=coronal]")).to_have_attribute("aria-pressed", "true")
    guided.click(page.locator("[data-third=probe-eye]"))
    # the one before it waits behind it
    expect(message.locator("button")).to_have_text("OK, next")
    guided.click(message.locator("button"))
    expect(message.locator("button")).to_have_text("OK")
    guided.click(message.locator("button"))
    expect(message).to_have_count(0)
    page.set_viewport_size({"width": 1366, "height": 768})


def test_s07_a_second_tab_reads_says_so_and_can_change_nothing(
    a_tab: Page, a_desk: tuple[Running, Session]
) -> None:
    running, session = a_desk
    a_tab.evaluate(TARGET_TO_THE_MIDDLE)
    path, cursor = session.history, session.cursor_lps_mm.copy()
    reader = a_tab.context.new_page()
    reader.goto(running.origin)
    banner = reader.locator("[data-name=reading]")
    expect(banner).to_contain_text("This tab reads only")
    expect(reader.locator("[data-name=take-over]")).to_be_disabled()
    # it sees what the other sees
    expect(reader.locator("[data-name=place]")).to_have_text("L4-L5 LEFT")
    expect(reader.locator("[data-pane=axial] .kb-tool")).to_have_count(2)
    expect(banner).to_contain_text("changed there")
    controls = reader.locator("button, input, select, textarea")
    assert controls.count() > 30
    assert [one.get_attribute("data-name") for one in controls.all() if one.is_enabled()] == []
    # nor do keys, the wheel and the hand ask anything that the server would refuse
    asked: list[str] = []
    reader.on("console", lambda message: asked.append(message.text))
    for key in ("1", "ArrowRight", "PageDown", "l", "u", "o"):
        reader.keyboard.press(key)
    guided.drag_handle(reader, "axial", "target", -60, 20)
    reader.mouse.wheel(0, 100)
    reader.evaluate("trame.trigger('alive', [])")
    assert asked == []
    for name, given in (("sign_tick", ["look-nerve", True]), ("plan_make", ["", ""])):
        assert reader.evaluate(REFUSED, [name, given]) == "SE-015"
    assert session.history is path
    assert (session.cursor_lps_mm == cursor).all()
    assert not session.is_locked
    assert not session.ticks
    reader.close()
    expect(a_tab.locator("[data-name=reading]")).to_have_count(0)


def test_p01_a_changed_case_is_neither_printed_nor_signed(
    an_examined_tab: Page, a_desk: tuple[Running, Session], tmp_path: Path
) -> None:
    page, folder = an_examined_tab, a_desk[1].folder
    assert folder is not None
    guided.click(page.locator("[data-step='8']"))
    write_case(build_case(build_simple_spine(Recipe(skin_depth_mm=92.0))), tmp_path / "other")
    others = [file for file in (tmp_path / "other").iterdir() if file.is_file()]
    kept = {file.name: (folder / file.name).read_bytes() for file in others}
    for file in others:
        (folder / file.name).write_bytes(file.read_bytes())
    for name in ("print", "export"):
        guided.click(page.locator(f"[data-name={name}]"))
        _is_told_and_nothing_written(page, "case changed")
    for name, whole in kept.items():
        (folder / name).write_bytes(whole)


def _is_told_and_nothing_written(page: Page, words: str) -> None:
    message = page.locator("[data-name=message]")
    expect(message).to_contain_text(words)
    expect(page.locator("[data-name=made]")).to_have_count(0)
    guided.click(message.locator("button"))
    expect(message).to_have_count(0)


def test_p02_a_plan_that_was_edited_is_told_and_not_signed(
    a_tab: Page, a_desk: tuple[Running, Session]
) -> None:
    session = a_desk[1]
    assert session.answer_file is not None
    file: Path = session.answer_file
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"cannula_mm": 7.5', b'"cannula_mm": 5.5', 1))
    assert file.read_bytes() != whole
    guided.click(a_tab.locator("[data-step='8']"))
    guided.click(a_tab.locator("[data-name=print]"))
    _is_told_and_nothing_written(a_tab, "edited after it was written")
    file.write_bytes(whole)


@pytest.mark.parametrize("step", [1, 2, 8])
def test_names_are_shown_and_never_become_markup_or_code(a_tab: Page, step: int) -> None:
    page = a_tab
    guided.click(page.locator(f"[data-step='{step}']"))
    expect(page.locator("[data-name=case]")).to_have_text(HOSTILE)
    expect(page.locator("[data-name=confirmed]")).to_contain_text(HOSTILE)
    page.evaluate("name => trame.trigger('case_open', [name])", f"/{HOSTILE}")
    message = page.locator("[data-name=message]")
    expect(message).to_have_count(1)
    guided.click(message.locator("button"))
    assert page.evaluate("typeof stolen") == "undefined"
    assert page.locator("img[src=x]").count() == 0


def test_s07_a_server_that_hangs_is_told_within_a_second_and_hides_all_after_more(
    an_examined_tab: Page, a_desk: tuple[Running, Session]
) -> None:
    page, running = an_examined_tab, a_desk[0]
    page.evaluate(f"({WATCH_THE_SILENCE})()")
    page.evaluate(WATCH_THE_SLEEP)
    page.wait_for_function("heardAt !== undefined")
    blocked = threading.Event()
    running.loop.call_soon_threadsafe(blocked.wait, 30.0)
    page.wait_for_function("lostAt !== undefined", timeout=15_000)
    # a page that gets no turn itself cannot say so meanwhile
    assert page.evaluate("lostAt - heardAt - sleptMs") < 1000 + TOLD_AFTER_MS
    expect(page.locator("[data-name=lost]")).to_contain_text("may be out of date")
    # side and level stand on every screen
    place, lost = (page.locator(f"[data-name={n}]").bounding_box() for n in ("place", "lost"))
    assert place is not None
    assert lost is not None
    assert lost["y"] >= place["y"] + place["height"]
    assert {one.is_enabled() for one in page.locator("button").all()} == {False}
    expect(page.locator("[data-name=cut]")).to_contain_text(
        "No answer from Kambin for", timeout=15_000
    )
    assert " mm" not in page.locator("body").inner_text()
    blocked.set()
    expect(page.locator("[data-name=cut]")).to_have_count(0)
    expect(page.locator("[data-name=lost]")).to_have_count(0)
    expect(page.locator(VERDICT)).to_be_visible()


def test_s07_a_tab_that_slept_is_told_of_a_silent_server_within_a_second(
    a_browser: Browser, an_examined_tab: Page, a_desk: tuple[Running, Session]
) -> None:
    page, running = an_examined_tab, a_desk[0]
    page.evaluate(f"({WATCH_THE_SILENCE})()")
    page.evaluate(WATCH_THE_SLEEP)
    page.wait_for_function("heardAt !== undefined")
    blocked = threading.Event()
    with asleep(a_browser):
        running.loop.call_soon_threadsafe(blocked.wait, 30.0)
        time.sleep(3.0)
    page.wait_for_function("lostAt !== undefined", timeout=15_000)
    assert page.evaluate("sleptMs") > 2500
    assert 0 < page.evaluate("lostAt - wokeAt") < 1000 + TOLD_AFTER_MS
    blocked.set()
    expect(page.locator("[data-name=lost]")).to_have_count(0)
    expect(page.locator(VERDICT)).to_be_visible()


def test_a_busy_server_that_answers_is_not_called_silent(
    an_examined_tab: Page, a_desk: tuple[Running, Session]
) -> None:
    page, running = an_examined_tab, a_desk[0]
    page.evaluate(f"({WATCH_THE_SILENCE})()")

    def _is_called_silent() -> bool:
        expect(page.locator("[data-name=lost]")).to_have_count(0)
        page.evaluate("window.lostAt = undefined")
        for _ in range(4):
            # as long as a dragged path at its slowest takes the loop
            running.loop.call_soon_threadsafe(time.sleep, 0.4)
            page.wait_for_timeout(450)
        return bool(page.evaluate("lostAt !== undefined"))

    # a machine that gives the server no turn for as long again makes it silent indeed, now and then
    assert not all(_is_called_silent() for _ in range(5))


# the last one: it cuts the line
def test_s07_a_cut_line_is_said_within_a_second_and_no_number_outlives_it(
    an_examined_tab: Page, a_desk: tuple[Running, Session]
) -> None:
    page, running = an_examined_tab, a_desk[0]
    socket = running.web.socket
    running.call(lambda: [one._req.transport.abort() for one in socket.connections.values()])
    expect(page.locator("[data-name=cut]")).to_be_visible()
    assert page.evaluate("saidAt - cutAt") < 1000
    assert page.locator(".kb-app").count() == 0
    assert "mm" not in page.locator("body").inner_text()

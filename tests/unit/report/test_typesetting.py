"""What every print shares: texts as data, no file but its own, the same bytes again."""

from tests.unit.approaches.made_back import make_back, make_way

from kambin.report.procedure import make_procedure
from kambin.report.procedure_print import sheet_data
from kambin.report.procedure_sketch import draw_sketch
from kambin.report.typesetting import typeset


def test_a_text_that_is_markup_is_printed_and_not_obeyed() -> None:
    plan = make_way().model_copy(update={"content_sha256": "c0" * 32})
    data = sheet_data(make_procedure(make_back(), plan))
    sketch = {"sketch": draw_sketch(make_back(), plan)}
    plain = typeset("procedure", data, sketch)
    assert plain.startswith(b"%PDF")
    assert typeset("procedure", data, sketch) == plain
    # a file outside its folder would stop the typesetter, were this read as markup
    hostile = {**data, "notice": '#read("/etc/hostname") #panic("x") $ sqrt(2)'}
    assert typeset("procedure", hostile, sketch).startswith(b"%PDF")

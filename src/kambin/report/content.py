"""Everything a report says, as plain rows that the page and the print share."""

from collections.abc import Sequence
from dataclasses import dataclass

from kambin.anatomy import Anatomy, Case, Level, StructureKey
from kambin.core import Finding
from kambin.measure.herniation import measure_herniation
from kambin.planning import FindingRecord, Plan, Refusal, Signature
from kambin.report import fusion_rows, herniation_rows, plan_rows, refusal_rows, signature_rows
from kambin.report.proof_rows import proof_table
from kambin.report.rows import Row, Table
from kambin.report.words import BANNER, mm_words, origin_words, plain_words, structure_words

_LABEL_ONLY = "No image in this case: pictures are painted from the labels."


@dataclass(frozen=True, slots=True)
class ReportContent:
    """The words and numbers of one report; pictures are kept beside it.

    Parameters
    ----------
    kind : str, ``plan`` or ``refusal``
    level, side, side_word : str, side in lower and in capital letters
    banner : str, on every page
    headline, verdict, request : str
    herniation : str, the fragment's classes in one line, empty without a fragment
    facts : the numbers one needs at the table: name, value, how it is meant
    tables : the tables in print order
    modelled, not_assessed, limits : what the picture does not prove
    findings : one row each: severity, what, where, why, next step, code, answer
    provenance : name and value
    """

    kind: str
    level: str
    side: str
    banner: str
    headline: str
    verdict: str
    request: str
    herniation: str
    facts: tuple[Row, ...]
    angles: Table | None
    summary: Table | None
    tools: Table | None
    tables: tuple[Table, ...]
    modelled: Table
    not_assessed: tuple[str, ...]
    limits: tuple[str, ...]
    findings: tuple[Row, ...]
    provenance: tuple[Row, ...]

    @property
    def side_word(self) -> str:
        """Return the patient's side in capital letters."""
        return self.side.upper()


def report_content(
    case: Case,
    anatomy: Anatomy,
    document: Plan | Refusal,
    case_findings: Sequence[Finding] = (),
    signatures: Sequence[Signature] | None = None,
) -> ReportContent:
    """Return everything that the report of a plan or a refusal says.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    document : Plan or Refusal
    case_findings : what import, fusion and checks said of the case
    signatures : under the document, or none where nobody looked for them

    Raises
    ------
    RequestError  (RQ-002) if the document names no disc level
    """
    level = Level.parse(document.level)
    angles: Table | None = None
    summary: Table | None = None
    tools: Table | None = None
    tables: tuple[Table, ...] = ()
    if isinstance(document, Plan):
        kind, verdict = "plan", plan_rows.verdict(document, case.accepted_codes)
        facts, tables = plan_rows.facts(document), plan_rows.detail_tables(document)
        angles, summary = plan_rows.angle_table(document), plan_rows.summary_table(document)
        tools = plan_rows.tool_table(document)
    else:
        kind, verdict = "refusal", refusal_rows.verdict(document)
        facts, tables = refusal_rows.facts(document), (proof_table(document),)
    hernia, remarks = measure_herniation(anatomy, case)
    classes = herniation_rows.herniation_table(hernia, level)
    if classes is not None:
        tables = (classes, *tables)
    carried = fusion_rows.carried_table(case, anatomy, level)
    if carried is not None:
        tables = (carried, *tables)
    return ReportContent(
        kind=kind,
        level=document.level,
        side=document.side,
        banner=BANNER,
        headline=_headline(document),
        verdict=verdict,
        request=_request(document, anatomy),
        herniation=herniation_rows.herniation_line(hernia),
        facts=facts,
        angles=angles,
        summary=summary,
        tools=tools,
        tables=tables,
        modelled=_modelled_table(anatomy, level),
        not_assessed=tuple(structure_words(key) for key in document.not_assessed),
        limits=(*_limits(case, anatomy, document), *signature_rows.limits(signatures)),
        findings=_finding_rows(
            case, (*anatomy.findings, *case_findings, *remarks), document.findings
        ),
        provenance=(
            *_provenance(case, anatomy, document),
            *signature_rows.provenance(document, signatures),
        ),
    )


def _headline(document: Plan | Refusal) -> str:
    word = "Plan" if isinstance(document, Plan) else "No plan"
    return f"{word}: {document.level}, {document.side.upper()} side"


def _request(document: Plan | Refusal, anatomy: Anatomy) -> str:
    # Without a zone the point was named, or the case's fragment is what is aimed at.
    has_fragment = anatomy.find(StructureKey("fragment")) is not None
    given = "fragment or given target" if has_fragment else "given target"
    target = f"{document.zone} target" if document.zone else given
    return (
        f"Transforaminal, {document.technique}, {target}, "
        f"working cannula {document.cannula_mm:g} mm outer diameter"
    )


def _modelled_table(anatomy: Anatomy, level: Level) -> Table:
    """Return what no image of the patient shows, of this level or without a level."""
    # What is modelled elsewhere has no part in this plan.
    places = {"", level.upper, level.lower, str(level)}
    rows = tuple(
        Row(
            structure_words(str(key)),
            f"{structure.sigma_mm:.1f} mm",
            structure.method or origin_words(structure.origin),
        )
        for key, structure in sorted(anatomy.structures.items(), key=lambda item: str(item[0]))
        if structure.is_modelled and key.place in places
    )
    return Table(
        "modelled",
        "What is modelled, not seen in the image",
        ("Structure", "Standard deviation", "How it was made"),
        tuple(row.cells for row in rows),
        "Every structure that is not listed here was given by the labels or drawn.",
    )


def _limits(case: Case, anatomy: Anatomy, document: Plan | Refusal) -> tuple[str, ...]:
    lines = [
        f"Labels have a largest spacing of {anatomy.label_spacing_mm:g} mm; "
        "what is thinner cannot be told from them.",
        "A clearance is the distance of the tool's axis to the structure minus the tool's outer "
        "radius; neither margin nor uncertainty is subtracted.",
    ]
    if case.image is None:
        lines.append(_LABEL_ONLY)
    lines += fusion_rows.limits(case, Level.parse(document.level))
    if isinstance(document, Plan):
        for reason in (
            document.resection.not_assessed_reason,
            document.reach.not_assessed_reason,
            document.certainty.not_assessed_reason,
        ):
            lines += [reason] if reason else []
    return tuple(dict.fromkeys(lines))


def _finding_rows(
    case: Case, anatomical: Sequence[Finding], planned: Sequence[FindingRecord]
) -> tuple[Row, ...]:
    """Return all findings, the gravest first, each once, with who answered it."""
    # Oldest first: of several answers to a code the last one is shown.
    answers = {c.code: f"accepted by {c.by}, {c.at}" for c in case.confirmations}
    rank = {"BLOCK": 0, "CONFIRM": 1, "NOTE": 2}
    # Rows are the keys below, so that what two checks found alike stands once.
    every: list[Finding | FindingRecord] = [*planned, *anatomical]
    rows = {
        Row(
            str(f.severity),
            plain_words(f.what),
            plain_words(f.where),
            plain_words(f.why),
            f.next_step,
            f.code,
            # Open is a word: an empty cell would read as nothing to answer.
            answers.get(f.code, "open" if str(f.severity) == "CONFIRM" else ""),
        ): rank[str(f.severity)]
        for f in every
    }
    return tuple(sorted(rows, key=lambda row: rows[row]))


def _provenance(case: Case, anatomy: Anatomy, document: Plan | Refusal) -> tuple[Row, ...]:
    # All that is needed to make the same report again, or to see why it differs.
    software, certificate = document.software, document.certificate
    plan_hash = document.content_sha256 if isinstance(document, Plan) else ""
    scheme = anatomy.scheme
    counted = [
        word
        for word, known in (
            ("from the sacrum", scheme.counted_from_sacrum),
            ("from the last rib", scheme.counted_from_rib),
        )
        if known
    ]
    rows = [
        Row("Case SHA-256", document.case_sha256),
        Row("Plan SHA-256", plan_hash or "none"),
        *fusion_rows.provenance(case),
        Row("Label names", case.dialect),
        Row("Levels", f"{scheme.name}, counted {' and '.join(counted) or 'by the labels'}"),
        Row("Levels confirmed by", scheme.confirmed_by or "nobody"),
        Row("Label spacing", f"{anatomy.label_spacing_mm:g} mm"),
        Row("Document schema", str(document.schema_version)),
        Row(
            "Software",
            f"Kambin {software.kambin}, NumPy {software.numpy}, Numba {software.numba}, "
            f"SimpleITK {software.simpleitk}",
        ),
        Row("Search", certificate.method),
        Row("Candidates tried", f"{certificate.candidates:,}"),
        Row("Objective", mm_words(certificate.objective_mm)),
        Row("Evidence", ", ".join(document.evidence) or "none"),
    ]
    return tuple(rows)

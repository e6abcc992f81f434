"""Reports: pictures, HTML and PDF of a plan or a refusal."""

from kambin.report.annotate import annotate_view
from kambin.report.camera import Camera
from kambin.report.letters import EdgeLetters, direction_letters, find_edge_letters
from kambin.report.level_picture import draw_level_picture
from kambin.report.meshes import PictureSurface, capsule_surface, region_surface
from kambin.report.render import Mesh, render_scene
from kambin.report.write import ReportPaths, write_report

__all__ = [
    "Camera",
    "EdgeLetters",
    "Mesh",
    "PictureSurface",
    "ReportPaths",
    "annotate_view",
    "capsule_surface",
    "direction_letters",
    "draw_level_picture",
    "find_edge_letters",
    "region_surface",
    "render_scene",
    "write_report",
]

# nbgrader's three commands with the lab's grader. Put this file into the folder of your course.
#
# nbgrader keeps the gradebook, restores the cells of checks, and writes its feedback. What students wrote is not executed by nbgrader: the
# lab's grader runs it apart from this machine and says how many points each check gives.
import atexit
import json
import os
import re
import shutil
import subprocess
import tempfile
from itertools import count

from nbformat import from_dict
from nbformat.v4 import new_output
from nbgrader.preprocessors import (
    CheckCellMetadata, ClearOutput, ComputeChecksums, DeduplicateIds, LimitOutput, NbGraderPreprocessor, OverwriteCells, OverwriteKernelspec,
    SaveAutoGrades, SaveCells, AssignLatePenalties)

LAB = @LAB@  # the command, as a list
ROOT = @ROOT@  # the folder in which it runs

kits = {}  # of this run, by the source
releases = {}


def lab(*args):
    done = subprocess.run([*LAB, "assignment", *args], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip())
    return done.stdout


def grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def path_of(resources, folder=None):
    return os.path.join(os.path.abspath(folder or resources["metadata"]["path"]), resources["metadata"]["name"] + ".ipynb")


def released(path):
    """The cells of a source as students get them, by their ids."""
    if path not in releases:
        cells = json.loads(lab("export", "release", path))["cells"]
        releases[path] = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in cells if "nbgrader" in cell["metadata"]}
    return releases[path]


def take(cell, kept):
    cell.source = "".join(kept["source"])
    if "descent" in kept["metadata"]:
        cell.metadata["descent"] = kept["metadata"]["descent"]


class WithoutSolutions(NbGraderPreprocessor):
    """Replaces solutions, model answers and rubrics by what students get."""

    def preprocess(self, nb, resources):
        students = released(path_of(resources))
        for cell in nb.cells:
            if cell.metadata.get("nbgrader", {}).get("solution") and grade_id(cell) in students:
                take(cell, students[grade_id(cell)])
        return nb, resources


class WithoutHiddenChecks(NbGraderPreprocessor):
    """Removes hidden checks, after nbgrader has stored the cells."""

    def preprocess(self, nb, resources):
        students = released(path_of(resources))
        for cell in nb.cells:
            if grade_id(cell) in students:
                take(cell, students[grade_id(cell)])
        return nb, resources


class OwnMetadata(NbGraderPreprocessor):
    """Gives the notebook and each cell with an id the metadata of the source, and none to other cells: what a student's editor or a student did to them must
    neither stop nbgrader nor style a page."""

    def preprocess(self, nb, resources):
        nb.metadata = source_of(self, resources).metadata
        students = released(source_path(self, resources))
        for cell in nb.cells:
            said = cell.metadata.get("nbgrader")
            cell.metadata = from_dict({})
            kept = students.get(said.get("grade_id")) if isinstance(said, dict) and isinstance(said.get("grade_id"), str) else None
            if kept and kept["cell_type"] == cell.cell_type:
                cell.metadata.nbgrader = from_dict({**kept["metadata"]["nbgrader"], "cell_type": cell.cell_type})
        return nb, resources


# What makes a tag, an entity, a link or a command of TeX that reaches out of its formula, where a space makes it text. Spaces alone are put in, and nothing
# is taken out, so that what stood apart does not become one.
REACHES_OUT = re.compile(
    r"<(?=[A-Za-z/!?])|&(?=[A-Za-z#])|\](?=[(\[:])|"
    r"\\(?=href|style|class|cssId|html|bbox|mmlToken|require|csname|texthtml|includegraphics|data)|(?<=mer)(?=maid)")

# How many characters of a text are kept, as many as the lab keeps of an answer; and how many formulas of the kinds whose ends nbconvert looks for through
# all that follows, also where there is none: 20,000 took it five minutes.
LONGEST, MOST_FORMULAS = 100_000, 200
FORMULA = re.compile(r"\\\\(?=[\[(])|\\begin(?=\{)")


class PlainText(NbGraderPreprocessor):
    """Makes text of whatever students write: feedback is read in an instructor's browser, and must not run there. Nor does it have pictures of theirs."""

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type == "raw":  # which nbconvert writes into a page with its tags and formulas
            cell.cell_type = "markdown"
            cell.metadata.pop("nbgrader", None)  # it is nobody's answer
        if cell.cell_type == "markdown":
            seen = cell.source.replace("\0", "\ufffd")  # as a browser shows it, which otherwise leaves it out
            if len(seen) > LONGEST:
                seen = seen[:LONGEST] + "\n\nThis is the beginning of a longer text."
            begun = count(1)
            seen = FORMULA.sub(lambda m: m.group() + " " * (next(begun) > MOST_FORMULAS), seen)
            cell.source = REACHES_OUT.sub(lambda m: m.group() + " ", seen)
            cell.pop("attachments", None)
        return cell, resources


class RestoreChecks(NbGraderPreprocessor):
    """Puts back the cells of checks and questions that a student deleted, so that nbgrader has a place for their points."""

    def preprocess(self, nb, resources):
        here = {grade_id(cell) for cell in nb.cells}
        for cell in source_of(self, resources).cells:
            if cell.metadata.get("nbgrader", {}).get("grade") and grade_id(cell) not in here:
                restored = cell.copy()
                if restored.cell_type == "markdown":
                    restored.source = ""
                nb.cells.append(restored)
        return nb, resources


def course_of(preprocessor):
    return preprocessor.parent.parent.coursedir  # of the converter that has the exporter that has the preprocessor


def source_of(preprocessor, resources):
    import nbformat
    return nbformat.read(source_path(preprocessor, resources), as_version=4)


def source_path(preprocessor, resources):
    course = course_of(preprocessor)
    folder = course.format_path(course.source_directory, ".", resources["nbgrader"]["assignment"])
    return path_of(resources, folder)


class GradeApart(NbGraderPreprocessor):
    """Has the lab's grader grade what was submitted, and writes the points where nbgrader reads them."""

    def preprocess(self, nb, resources):
        source = source_path(self, resources)
        if source not in kits:
            kit = tempfile.mkdtemp(prefix="descent-kit-")  # which nobody else may enter
            atexit.register(shutil.rmtree, kit, ignore_errors=True)
            lab("export", "kit", source, "-o", kit)
            kits[source] = kit
        course, ids = course_of(self), resources["nbgrader"]
        submitted = os.path.abspath(course.format_path(course.submitted_directory, ids["student"], ids["assignment"]))
        checks = json.loads(lab("one", "--kit", kits[source], "--seed-file", self.secret(), submitted))["extra_data"]
        students = released(source)
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            cell.outputs, cell.execution_count = [], None
            if grade_id(cell) in checks:
                check = checks[grade_id(cell)]
                cell.outputs = [
                    new_output("stream", name="stdout", text=check["says"] + "\n"),
                    new_output("execute_result", {"text/plain": repr(float(check["points"]))}),
                ]
                take(cell, students[grade_id(cell)])  # feedback shows this cell, and no hidden check with it
        return nb, resources

    def secret(self):
        """The file with a number of this course's own, from which the cases are drawn: the same for all, and unknown to students."""
        path = os.path.abspath(os.path.join(course_of(self).root, ".descent-secret"))
        if not os.path.exists(path):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
                f.write(os.urandom(16).hex())
        return path


c = get_config()  # noqa: F821
c.GenerateAssignment.preprocessors = [
    WithoutSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums, SaveCells, WithoutHiddenChecks, ComputeChecksums, CheckCellMetadata]
c.Autograde.sanitize_preprocessors = [
    ClearOutput, PlainText, OwnMetadata, DeduplicateIds, OwnMetadata, OverwriteKernelspec, RestoreChecks, OverwriteCells, CheckCellMetadata]
c.Autograde.autograde_preprocessors = [GradeApart, LimitOutput, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata]

"""Compares what `slim deps` says with what the loaders of an unpacked root folder say."""

import loaders
from slim_program import SystemTest, slim


def slim_answers(*arguments, loader=""):
    """path -> Answer. musl prints itself first, whoever needs it: `loader` is left out of the paths."""
    finished = slim("deps", *arguments, "--format", "json")
    if finished.status not in (0, 1):  # 1: something is missing
        raise AssertionError(str(finished))
    return {file["path"]: loaders.Answer([library["path"] for library in file["libraries"] if library["path"] != loader],
                                         [library["name"] for library in file["missing"]])
            for file in finished.json()["files"]}


class Tally:
    """How often slim and a loader were asked the same, and agreed."""

    def __init__(self):
        self.files, self.digests, self.agreed, self.exceptions = 0, set(), 0, 0
        self.paths = set()  # of libraries, as the loader prints them

    def add(self, other):
        self.files += other.files
        self.digests |= other.digests
        self.agreed += other.agreed
        self.exceptions += other.exceptions

    def __str__(self):
        return "%5d files, %5d distinct, %5d agreed, %d exceptions" % (
            self.files, len(self.digests), self.agreed, self.exceptions)


class OracleTest(SystemTest):
    @classmethod
    def setUpClass(cls):
        loaders.enter_namespaces()

    def agree(self, said, heard):
        """Whether slim's Answer is the loader's."""
        return said == heard

    def compare(self, name, top, reference, options=(), exceptions=frozenset(), left_out=frozenset(), **surroundings):
        """Every dynamic ELF file of the root folder `top`, which is what slim reads as `reference`; what is in
        `surroundings` for the loader (see loaders.loader_answers), slim learns from the image or from `options`."""
        files = [elf for elf in loaders.dynamic_elf_files(top) if elf.path not in left_out]
        musl = {elf.interpreter for elf in files} & set(loaders.MUSL_LOADERS.values())
        said = slim_answers(reference, "--all", *options, loader="".join(musl))
        heard = loaders.loader_answers(top, files, **surroundings)
        self.assertEqual(sorted(set(said) - left_out), sorted(heard), "%s: files that slim or the test does not see" % name)
        differ = {path for path in heard if not self.agree(said[path], heard[path])}
        tally = Tally()
        tally.files, tally.digests = len(files), {elf.digest for elf in files}
        tally.paths = {path for answer in heard.values() for path in answer.paths}
        tally.agreed, tally.exceptions = len(files) - len(differ), len(differ & exceptions)
        print("%-16s %s" % (name, tally), flush=True)
        self.assertEqual(["%s\n  slim:   %s\n  loader: %s" % (path, said[path], heard[path])
                          for path in sorted(differ - exceptions)], [], "%s: they disagree" % name)
        self.assertEqual(sorted(exceptions - differ), [], "%s: exceptions that are none" % name)
        return tally

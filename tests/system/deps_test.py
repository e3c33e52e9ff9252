#!/usr/bin/python3
"""`slim deps`: what it says of images, in text and JSON, and of small root folders that try one rule of the loader
each, where the loader of this machine is asked the same."""

import os
import subprocess
import unittest

from loader_fixtures import LIBRARIES, LOADER, MUSL_LOADER, NOBODY, MuslRoot, Root, need_fixtures
from slim_program import SystemTest, main, need_program, original_of, slim

V2, V3, V4 = "x86-64-v2", "x86-64-v3", "x86-64-v4"


class Images(SystemTest):
    def deps(self, name, *arguments, status=0):
        finished = slim("deps", original_of(name), *arguments)
        self.assert_status(finished, status)
        return finished

    def test_without_a_path_it_answers_for_what_the_image_starts(self):
        files = self.deps("nginx", "--format", "json").json()["files"]
        self.assertEqual([file["path"] for file in files], ["/usr/sbin/nginx"])
        self.assertEqual(sorted(files[0]), ["dlopen", "interpreter", "libraries", "missing", "path", "static"])
        self.assertEqual(files[0]["interpreter"], LOADER)
        self.assertFalse(files[0]["static"])
        self.assertIn({"name": "libcrypto.so.3", "path": LIBRARIES + "/libcrypto.so.3", "found_by": "ld.so.cache",
                       "needed_by": "/usr/sbin/nginx"}, files[0]["libraries"])
        self.assertIn({"name": "ld-linux-x86-64.so.2", "path": LOADER, "found_by": "already loaded",
                       "needed_by": LIBRARIES + "/libc.so.6"}, files[0]["libraries"])

    def test_the_text_is_a_tree(self):
        lines = self.deps("nginx").out.splitlines()
        self.assertEqual(lines[:2], ["/usr/sbin/nginx", "  interpreter " + LOADER])
        self.assertIn("  ├── libz.so.1 => %s/libz.so.1  [ld.so.cache]" % LIBRARIES, lines)
        self.assertEqual(lines[-1], "      └── ld-linux-x86-64.so.2 => %s  [already loaded]" % LOADER)

    def test_a_script_is_followed_to_its_interpreter(self):
        self.assertTrue(self.deps("nginx", "/usr/bin/ldd").out.startswith(
            "/usr/bin/bash  the interpreter of the script /usr/bin/ldd\n"))

    def test_links_lead_to_the_file(self):
        files = self.deps("nginx", "/bin/sh", "/usr/bin/dash", "--format", "json").json()["files"]
        self.assertEqual([file["path"] for file in files], ["/usr/bin/dash"])

    def test_names_that_plug_ins_are_opened_by(self):
        (file,) = self.deps("plugin", "--format", "json").json()["files"]
        self.assertEqual(file["dlopen"], [{"name": "libshout.so.1", "path": "/usr/local/lib/shout/libshout.so.1",
                                           "source": 'the string "libshout.so.1" in /usr/local/bin/survey',
                                           "strength": "likely"}])

    def test_static_programs_and_musl(self):
        (file,) = self.deps("static", "--format", "json").json()["files"]
        self.assertEqual((file["static"], file["interpreter"], file["libraries"]), (True, "", []))
        (file,) = self.deps("musl", "--format", "json").json()["files"]
        self.assertEqual([(library["path"], library["found_by"]) for library in file["libraries"]],
                         [("/opt/count/bin/../lib/libtally.so", "RUNPATH"), ("/lib/ld-musl-x86_64.so.1", "already loaded")])

    def test_all_is_every_dynamic_file_and_tells_what_is_missing(self):
        finished = slim("deps", original_of("nginx"), "--all", "--format", "json")
        files = {file["path"]: file for file in finished.json()["files"]}
        self.assertGreater(len(files), 700)
        self.assertEqual(finished.status, 1 if any(file["missing"] for file in files.values()) else 0)
        self.assertIn("/usr/lib/x86_64-linux-gnu/libssl.so.3", files)

    def test_what_cannot_be_answered_says_why(self):
        for arguments, status, expected in (
                (("/nowhere",), 3, "/nowhere: is not in the image"),
                (("/etc",), 3, "expected an ELF file, found a directory"),
                (("/etc/passwd",), 3, "expected an ELF file or a script, found neither"),
                (("--cpu", "x86-64-v9"), 2, "expected baseline or one of x86-64-v2"),
                (("--all", "/bin/sh"), 2, "--all: expected no PATH beside it")):
            with self.subTest(arguments=arguments):
                finished = self.deps("nginx", *arguments, status=status)
                self.assertIn(expected, finished.err)
                self.assertEqual(finished.out, "")


class AgainstTheLoader(SystemTest):
    """Each root folder is given to slim and, by chroot, to the loader that is in it."""

    def setUp(self):
        need_fixtures()
        super().setUp()
        self.root = Root(self.path("root"))

    def answer(self, path, *arguments):
        finished = slim("deps", "rootfs:" + self.root.top, path, "--format", "json", *arguments)
        self.assertIn(finished.status, (0, 1), str(finished))
        (file,) = finished.json()["files"]
        return file

    def agree(self, path, environment=None, levels=(), folder="/"):
        """The paths and the missing names, after both have said the same."""
        options = ["--workdir", folder]
        for name, value in (environment or {}).items():
            options += ["-e", "%s=%s" % (name, value)]
        if levels:
            options += ["--cpu", levels[0]]
        file = self.answer(path, *options)
        said = ([library["path"] for library in file["libraries"]], [library["name"] for library in file["missing"]])
        paths, missing, error = self.root.trace(path, environment, levels, folder)
        self.assertEqual(error, "")
        self.assertEqual(said, (paths, missing))
        return [path for path in paths if path not in (LOADER, LIBRARIES + "/libc.so.6")], missing

    def agree_in_memory(self, path, environment=None, user=0, besides=()):
        """As agree(), with what a running program has mapped; order is not told there."""
        options = [word for name, value in (environment or {}).items() for word in ("-e", "%s=%s" % (name, value))]
        file = self.answer(path, *options)
        said = {os.path.normpath(library["path"]) for library in file["libraries"]} | set(besides)
        heard = self.root.mapped(path, environment, user)
        self.assertEqual(sorted(said), heard)
        return [path for path in heard if path not in (LOADER, LIBRARIES + "/libc.so.6")]

    def test_rpath_serves_needs_of_needs_and_runpath_does_not(self):
        self.root.library("/opt/lib/liba.so", ["libb.so"])
        self.root.library("/opt/lib/libb.so")
        self.root.program("/old", ["liba.so"], ["-Wl,--disable-new-dtags,-rpath,/opt/lib"])
        self.root.program("/new", ["liba.so"], ["-Wl,--enable-new-dtags,-rpath,/opt/lib"])
        self.assertEqual(self.agree("/old"), (["/opt/lib/liba.so", "/opt/lib/libb.so"], []))
        self.assertEqual(self.agree("/new"), (["/opt/lib/liba.so"], ["libb.so"]))

    def test_a_librarys_runpath_turns_inherited_rpaths_off(self):
        self.root.library("/opt/lib/liba.so", ["libb.so"], ["-Wl,--enable-new-dtags,-rpath,/nowhere"])
        self.root.library("/opt/lib/libb.so")
        self.root.program("/program", ["liba.so"], ["-Wl,--disable-new-dtags,-rpath,/opt/lib"])
        self.assertEqual(self.agree("/program"), (["/opt/lib/liba.so"], ["libb.so"]))

    def test_the_library_path_stands_between_rpath_and_runpath(self):
        for folder in ("/rpath", "/environment", "/runpath"):
            self.root.library(folder + "/liba.so")
        self.root.program("/old", ["liba.so"], ["-Wl,--disable-new-dtags,-rpath,/rpath"])
        self.root.program("/new", ["liba.so"], ["-Wl,--enable-new-dtags,-rpath,/runpath"])
        environment = {"LD_LIBRARY_PATH": "/environment"}
        self.assertEqual(self.agree("/old", environment)[0], ["/rpath/liba.so"])
        self.assertEqual(self.agree("/new", environment)[0], ["/environment/liba.so"])

    def test_an_empty_folder_is_the_working_folder(self):
        self.root.library("/srv/liba.so")
        self.root.library("/srv/private/libb.so")
        self.root.program("/program", ["liba.so", "libb.so"])
        environment = {"LD_LIBRARY_PATH": ":/opt/lib;private/"}
        self.assertEqual(self.agree("/program", environment, folder="/srv")[0], ["liba.so", "private/libb.so"])

    def test_tokens(self):
        self.root.library("/opt/lib/x86_64-linux-gnu/liba.so", ["libb.so"], ["-Wl,-rpath,${ORIGIN}/below"])
        self.root.library("/opt/lib/x86_64-linux-gnu/below/libb.so")
        self.root.library("/opt/x86_64/libc1.so")
        self.root.program("/opt/bin/program", ["liba.so", "libc1.so"],
                          ["-Wl,-rpath,$ORIGIN/../$LIB:/opt/${PLATFORM}:$ORIGINAL"])
        self.assertEqual(self.agree("/opt/bin/program")[0],
                         ["/opt/bin/../lib/x86_64-linux-gnu/liba.so", "/opt/x86_64/libc1.so",
                          "/opt/bin/../lib/x86_64-linux-gnu/below/libb.so"])

    def test_origin_follows_folders_that_are_links_by_name(self):
        self.root.library("/real/lib/liba.so", ["libb.so"], ["-Wl,-rpath,$ORIGIN"])
        self.root.library("/real/lib/libb.so")
        self.root.link("/lib-link", "real/lib")
        self.root.program("/program", ["liba.so"], ["-Wl,-rpath,/lib-link"])
        self.assertEqual(self.agree("/program")[0], ["/lib-link/liba.so", "/lib-link/libb.so"])

    def test_hwcaps_folders_by_level(self):
        for level in ("", "/glibc-hwcaps/" + V2, "/glibc-hwcaps/" + V3):
            self.root.library("/opt/lib%s/liba.so" % level)
        self.root.program("/program", ["liba.so"], ["-Wl,-rpath,/opt/lib"])
        for levels, folder in (((), "/opt/lib"), ((V2,), "/opt/lib/glibc-hwcaps/" + V2),
                               ((V3, V2), "/opt/lib/glibc-hwcaps/" + V3), ((V4, V3, V2), "/opt/lib/glibc-hwcaps/" + V3)):
            with self.subTest(levels=levels):
                self.assertEqual(self.agree("/program", levels=levels)[0], [folder + "/liba.so"])

    def test_hwcaps_entries_of_the_cache_by_level(self):
        need_program("ldconfig")
        for level in ("", "/glibc-hwcaps/" + V2, "/glibc-hwcaps/" + V4):
            self.root.library("/opt/lib%s/liba.so" % level)
        self.root.put("/etc/ld.so.conf", b"/opt/lib\n")
        self.root.ldconfig()
        self.root.program("/program", ["liba.so"])
        for levels, folder in (((), "/opt/lib"), ((V3, V2), "/opt/lib/glibc-hwcaps/" + V2),
                               ((V4, V3, V2), "/opt/lib/glibc-hwcaps/" + V4)):
            with self.subTest(levels=levels):
                self.assertEqual(self.agree("/program", levels=levels)[0], [folder + "/liba.so"])

    def test_what_is_built_is_the_union_over_levels(self):
        for level in ("", "/glibc-hwcaps/" + V2, "/glibc-hwcaps/" + V4):
            self.root.library("/opt/lib%s/liba.so" % level)
        self.root.program("/program", ["liba.so"], ["-Wl,-rpath,/opt/lib"])
        finished = slim("build", "rootfs:" + self.root.top, "-o", "dir:" + self.path("slimmed"), "--no-run",
                        "--entrypoint", "/program", "--profile", "minimal")
        self.assert_status(finished, 0)
        found = subprocess.run(["find", ".", "-name", "liba.so"], cwd=self.path("slimmed"), capture_output=True,
                               check=True).stdout.decode().split()
        self.assertEqual(len(found), 3, found)

    def test_old_style_folders_of_processor_features(self):
        self.root.library("/opt/lib/liba.so")
        self.root.library("/opt/lib/x86_64/liba.so")
        self.root.library("/opt/lib/libb.so")
        self.root.library("/opt/lib/tls/libb.so")
        self.root.library("/opt/lib/x86_64/x86_64/libb.so")
        self.root.program("/program", ["liba.so", "libb.so"], ["-Wl,-rpath,/opt/lib"])
        self.agree("/program")

    def test_another_class_or_machine_is_skipped(self):
        for folder in ("/narrow", "/arm", "/good"):
            self.root.library(folder + "/liba.so")
        self.root.edit("/narrow/liba.so", 4, b"\1")
        self.root.edit("/arm/liba.so", 18, b"\xb7\0")
        self.root.program("/program", ["liba.so"], ["-Wl,-rpath,/narrow:/arm:/good"])
        self.assertEqual(self.agree("/program")[0], ["/good/liba.so"])
        tried = self.answer("/program", "-e", "LD_LIBRARY_PATH=/arm")
        self.assertEqual(tried["missing"], [])

    def test_the_loader_gives_up_at_a_file_that_is_no_library(self):
        for folder in ("/turned", "/good"):
            self.root.library(folder + "/liba.so")
        self.root.edit("/turned/liba.so", 5, b"\2")
        self.root.put("/text/liba.so", b"no library, and long enough to be read as a header" * 4)
        for folder in ("turned", "text"):
            self.root.program("/" + folder + "-first", ["liba.so"], ["-Wl,-rpath,/%s:/good" % folder])
            (missing,) = self.answer("/" + folder + "-first")["missing"]
            self.assertIn("/%s/liba.so (no shared library; the loader fails here)" % folder, missing["tried"])
            self.assertIn("/%s/liba.so" % folder, self.root.trace("/" + folder + "-first")[2])

    def test_every_place_that_was_tried_is_told(self):
        self.root.program("/program", ["libgone.so"], ["-Wl,-rpath,/opt/lib"])
        self.assertEqual(self.agree("/program", {"LD_LIBRARY_PATH": "/srv"})[1], ["libgone.so"])
        (missing,) = self.answer("/program", "-e", "LD_LIBRARY_PATH=/srv")["missing"]
        self.assertEqual(missing, {"name": "libgone.so", "needed_by": "/program", "tried": [
            "/srv/libgone.so", "/opt/lib/libgone.so", "/etc/ld.so.cache", LIBRARIES + "/libgone.so",
            "/usr" + LIBRARIES + "/libgone.so", "/lib/libgone.so", "/usr/lib/libgone.so"]})
        self.assertIn("libgone.so  not found\n      tried /opt/lib/libgone.so",
                      slim("deps", "rootfs:" + self.root.top, "/program").out)

    def test_without_default_folders(self):
        need_program("ldconfig")
        self.root.library(LIBRARIES + "/liba.so")
        self.root.library("/opt/lib/libb.so")
        self.root.put("/etc/ld.so.conf", b"/opt/lib\n")
        self.root.ldconfig()
        self.root.program("/program", ["liba.so", "libb.so"], ["-Wl,-z,nodefaultlib"])
        self.assertEqual(self.agree("/program"), (["/opt/lib/libb.so"], ["liba.so", "libc.so.6"]))

    def test_filters_come_before_the_library_that_has_them(self):
        self.root.library("/opt/lib/liba.so", ["libb.so"], ["-Wl,--filter=libreal.so"])
        self.root.library("/opt/lib/libz.so", ["libreal.so"], ["-Wl,--auxiliary=libaux.so"])
        for name in ("libb.so", "libreal.so", "libaux.so"):
            self.root.library("/opt/lib/" + name)
        self.root.program("/program", ["liba.so", "libz.so"], ["-Wl,--disable-new-dtags,-rpath,/opt/lib"])
        self.agree("/program")

    def test_a_filter_whose_library_comes_later_moves_it(self):
        self.root.library("/opt/lib/liba.so", (), ["-Wl,--filter=libz.so"])
        self.root.library("/opt/lib/libz.so")
        self.root.program("/program", ["liba.so", "libz.so"], ["-Wl,-rpath,/opt/lib"])
        self.root.library("/opt/lib/libx.so")
        self.agree("/program", {"LD_LIBRARY_PATH": "/opt/lib"})

    def test_one_file_under_two_names_and_loaded_sonames(self):
        self.root.library("/opt/lib/liba.so", soname="")
        self.root.link("/opt/lib/libalias.so", "liba.so")
        self.root.library("/opt/lib/libx.so", soname="liby.so")
        self.root.library("/opt/lib/liby.so")
        self.root.program("/program", ["liba.so", "libalias.so", "libx.so", "liby.so"], ["-Wl,-rpath,/opt/lib"])
        self.assertEqual(self.agree("/program")[0], ["/opt/lib/liba.so", "/opt/lib/libx.so"])

    def test_a_library_without_a_soname_that_is_needed_by_its_own_need(self):
        self.root.library("/opt/lib/liba.so", ["libb.so"], ["-Wl,-rpath,/opt/lib"], soname="")
        self.root.library("/opt/lib/libb.so", ["liba.so"], ["-Wl,-rpath,/opt/lib"])
        self.agree("/opt/lib/liba.so")

    def test_preloads(self):
        for name in ("libone.so", "libtwo.so", "libdeep.so"):
            self.root.library("/opt/lib/" + name)
        self.root.library("/opt/lib/libthree.so", ["libdeep.so"], ["-Wl,-rpath,$ORIGIN"])
        self.root.put("/etc/ld.so.preload", b"# of the machine\n/opt/lib/libtwo.so\t/opt/lib/libthree.so\n")
        self.root.program("/program")
        self.assertEqual(self.agree("/program", {"LD_PRELOAD": "/opt/lib/libone.so"})[0],
                         ["/opt/lib/libone.so", "/opt/lib/libtwo.so", "/opt/lib/libthree.so", "/opt/lib/libdeep.so"])

    def test_auditors_of_the_program_and_of_the_environment(self):
        source = "unsigned la_version(unsigned version) { return version; }\n"
        for name in ("libprogram.so", "libenvironment.so"):
            self.root.compile(self.root.at("/opt/lib/" + name), source, ["libhelp.so"],
                               ("-shared", "-nostdlib", "-Wl,-soname," + name, "-Wl,-rpath,/opt/lib"))
        self.root.library("/opt/lib/libhelp.so")
        self.root.program("/program", (), ["-Wl,--audit=libprogram.so", "-Wl,--disable-new-dtags,-rpath,/opt/lib"])
        environment = {"LD_AUDIT": "/opt/lib/libenvironment.so"}
        audit = [entry["path"] for entry in self.answer("/program", "-e", "LD_AUDIT=" + environment["LD_AUDIT"])["dlopen"]
                 if "AUDIT" in entry["source"]]
        self.assertEqual(audit, ["/opt/lib/libenvironment.so", "/opt/lib/libhelp.so", "/opt/lib/libprogram.so"])
        self.agree_in_memory("/program", environment, besides=audit)

    def setuid(self, path, **how):
        """Makes a program run in secure-execution mode, by its mode or by file capabilities."""
        if os.statvfs(self.root.top).f_flag & os.ST_NOSUID:
            raise unittest.SkipTest("%s is mounted nosuid" % self.root.top)
        if how.get("capabilities"):
            try:  # cap_net_bind_service, permitted and effective: struct vfs_cap_data, revision 2
                os.setxattr(self.root.at(path), "security.capability", bytes.fromhex("01000002" "00040000" + "00" * 12))
            except OSError as error:
                raise unittest.SkipTest("file capabilities: %s" % error) from error
        else:
            os.chmod(self.root.at(path), 0o4755)

    def test_a_program_of_another_user_ignores_the_environment(self):
        for folder in ("/environment", "/runpath"):
            self.root.library(folder + "/liba.so")
        self.root.library("/environment/libp.so")
        self.root.library(LIBRARIES + "/libs.so")
        os.chmod(self.root.at(LIBRARIES + "/libs.so"), 0o4755)
        self.root.library(LIBRARIES + "/libt.so")
        environment = {"LD_LIBRARY_PATH": "/environment", "LD_PRELOAD": "/environment/libp.so libs.so libt.so"}
        for capabilities in (False, True):
            with self.subTest(capabilities=capabilities):
                path = "/capable" if capabilities else "/setuid"
                self.root.program(path, ["liba.so"], ["-Wl,-rpath,/runpath"])
                self.setuid(path, capabilities=capabilities)
                self.assertEqual(self.agree_in_memory(path, environment, NOBODY),
                                 [LIBRARIES + "/libs.so", "/runpath/liba.so"])

    def test_origin_of_a_setuid_program_has_to_stay_in_the_systems_folders(self):
        self.root.library("/opt/lib/liba.so")
        self.root.library("/usr/lib/private/liba.so")
        self.root.library("/usr/lib/liba.so")
        search = ["-Wl,--disable-new-dtags,-rpath,$ORIGIN/../lib"]
        self.root.program("/opt/bin/outside", ["liba.so"], search)
        self.root.program("/usr/lib/tool/inside", ["liba.so"], ["-Wl,-rpath,$ORIGIN/../private"])
        self.root.program("/usr/lib/tool/behind", ["liba.so"], ["-Wl,-rpath,/usr/lib/tool/../$ORIGIN/../private"])
        for path in ("/opt/bin/outside", "/usr/lib/tool/inside", "/usr/lib/tool/behind"):
            self.setuid(path)
        self.assertEqual(self.agree_in_memory("/opt/bin/outside", user=NOBODY), ["/usr/lib/liba.so"])
        self.assertEqual(self.agree_in_memory("/usr/lib/tool/inside", user=NOBODY), ["/usr/lib/private/liba.so"])
        self.assertEqual(self.agree_in_memory("/usr/lib/tool/behind", user=NOBODY), ["/usr/lib/liba.so"])

    def test_tokens_in_needs_of_a_setuid_program_are_refused(self):
        self.root.library("/opt/lib/liba.so", soname="$ORIGIN/../lib/liba.so")
        os.makedirs(self.root.at("/opt/bin"))
        self.root.compile(self.root.at("/opt/bin/program"), "#include <unistd.h>\nint main(void) { return 0; }\n", (),
                           (self.root.at("/opt/lib/liba.so"),))
        self.assertEqual(self.agree("/opt/bin/program")[0], ["/opt/bin/../lib/liba.so"])
        self.setuid("/opt/bin/program")
        (missing,) = self.answer("/opt/bin/program")["missing"]
        self.assertIn("not allowed in a setuid program", missing["tried"][0])
        self.assertIn("DST not allowed in SUID/SGID programs", self.root.mapped("/opt/bin/program", user=NOBODY))

    def test_what_a_setuid_programs_owner_gets_is_kept_as_well(self):
        self.root.library("/environment/liba.so")
        self.root.library("/usr/lib/liba.so")
        self.root.program("/program", ["liba.so"])
        self.setuid("/program")
        finished = slim("build", "rootfs:" + self.root.top, "-o", "dir:" + self.path("slimmed"), "--no-run",
                        "--entrypoint", "/program", "--profile", "minimal", "-e", "LD_LIBRARY_PATH=/environment")
        self.assert_status(finished, 0)
        for kept in ("/environment/liba.so", "/usr/lib/liba.so"):
            self.assertTrue(os.path.exists(self.path("slimmed") + kept), kept)

    def test_a_cache_that_cannot_be_read_is_said_aloud(self):
        self.root.put("/etc/ld.so.cache", b"glibc-ld.so.cache1.1" + b"\xff" * 60)
        self.root.program("/program")
        finished = slim("deps", "rootfs:" + self.root.top, "/program")
        self.assert_status(finished, 0)
        self.assertIn("slim: warning: /etc/ld.so.cache: not read: ", finished.err)
        self.assertIn("libc.so.6 => %s/libc.so.6  [default folder" % LIBRARIES, finished.out)


class AgainstMuslsLoader(SystemTest):
    def setUp(self):
        need_fixtures(MUSL_LOADER, "musl-gcc")
        super().setUp()
        self.root = MuslRoot(self.path("root"))

    def agree(self, path, environment=None, folder="/"):
        options = [word for name, value in (environment or {}).items() for word in ("-e", "%s=%s" % (name, value))]
        (file,) = slim("deps", "rootfs:" + self.root.top, path, "--format", "json", "--workdir", folder,
                       *options).json()["files"]
        paths = [library["path"] for library in file["libraries"] if library["path"] != MUSL_LOADER]
        missing = [library["name"] for library in file["missing"]]
        self.assertEqual((paths, missing), self.root.trace(path, environment, folder=folder)[:2])
        return paths, missing

    def test_runpath_is_inherited_and_the_environment_comes_first(self):
        self.root.library("/opt/lib/liba.so", ["libb.so", "libgone.so"])
        self.root.library("/opt/lib/libb.so", ["libgone.so"])
        self.root.library("/environment/libb.so")
        self.root.program("/bin/program", ["liba.so"], ["-Wl,--enable-new-dtags,-rpath,$ORIGIN/../opt/lib"])
        self.assertEqual(self.agree("/bin/program"),
                         (["/bin/../opt/lib/liba.so", "/bin/../opt/lib/libb.so"], ["libgone.so", "libgone.so"]))
        self.assertEqual(self.agree("/bin/program", {"LD_LIBRARY_PATH": "/nowhere:/environment"})[0],
                         ["/bin/../opt/lib/liba.so", "/environment/libb.so"])

    def test_the_path_file_replaces_the_default_path(self):
        self.root.library("/usr/lib/liba.so")
        self.root.library("/opt/lib/libb.so")
        self.root.program("/program", ["liba.so", "libb.so"])
        self.assertEqual(self.agree("/program"), (["/usr/lib/liba.so"], ["libb.so"]))
        self.root.put("/etc/ld-musl-x86_64.path", b"/lib\n/opt/lib\n")
        self.assertEqual(self.agree("/program"), (["/opt/lib/libb.so"], ["liba.so"]))

    def test_names_that_were_searched_for_count_and_sonames_do_not(self):
        self.root.library("/lib/libx.so", soname="liby.so")
        self.root.library("/lib/libreal.so", soname="")
        self.root.link("/lib/libalias.so", "libreal.so")
        self.root.library("/lib/liby.so")
        self.root.program("/program", ["libx.so", "liby.so", "libalias.so", "libreal.so", "libalias.so"])
        self.agree("/program")

    def test_preloads_and_other_variables_in_runpath(self):
        self.root.library("/opt/lib/liba.so")
        self.root.library("/lib/libp.so", ["liba.so"])
        self.root.program("/program", ["liba.so"], ["-Wl,-rpath,/opt/lib:$LIB/x"])
        self.assertEqual(self.agree("/program", {"LD_PRELOAD": "libp.so"}), (["/lib/libp.so"], ["liba.so", "liba.so"]))

    def test_musl_fails_at_the_first_file_that_will_not_do(self):
        self.root.put("/bad/liba.so", b"no library, and long enough to be read as a header" * 4)
        self.root.library("/good/liba.so")
        self.root.program("/program", ["liba.so"], ["-Wl,-rpath,/bad:/good"])
        self.assertEqual(self.agree("/program"), ([], ["liba.so"]))


class OddFiles(SystemTest):
    """Files that are no programs, or damaged ones: said, never a failure."""

    def setUp(self):
        need_fixtures()
        need_program("objcopy")
        super().setUp()
        self.root = Root(self.path("root"))
        self.root.program("/good", (), ["-g"])

    def deps(self, *arguments, status=0):
        finished = slim("deps", "rootfs:" + self.root.top, *arguments)
        self.assert_status(finished, status)
        return finished

    def change(self, path, edit):
        with open(self.root.at("/good"), "rb") as file:
            self.root.put(path, edit(bytearray(file.read())))

    def test_a_separate_debug_file_is_no_program(self):
        subprocess.run(["objcopy", "--only-keep-debug", self.root.at("/good"), self.root.at("/good.debug")], check=True)
        self.assertIn("expected a program or library, found a separate debug file", self.deps("/good.debug", status=3).err)
        self.assertNotIn("good.debug", self.deps("--all").out)

    def test_a_core_file_is_no_program(self):
        self.change("/core", lambda file: file[:16] + b"\4\0" + file[18:])
        self.assertIn("expected a program or library, found a core file", self.deps("/core", status=3).err)
        self.assertNotIn("/core", self.deps("--all").out)

    def test_without_section_headers_it_is_the_same(self):
        self.change("/bare", lambda file: file[:40] + bytes(8) + file[48:58] + bytes(6) + file[64:])
        bare = self.deps("/bare").out.splitlines()
        self.assertEqual(bare[1:], self.deps("/good").out.splitlines()[1:])
        self.assertEqual(len(bare), 4)

    def test_a_packed_program_says_that_its_needs_are_hidden(self):
        # as UPX leaves it: one segment, no sections, its mark behind the program headers
        self.change("/packed", lambda file: file[:40] + bytes(8) + file[48:56] + b"\1\0" + bytes(6) + b"\1\0\0\0" +
                    file[68:120] + bytes(4) + b"UPX!" + file[128:])
        self.assertIn("slim: warning: /packed: ELF file: packed with UPX: what the program inside needs cannot be seen",
                      self.deps("/packed").err)

    def test_a_truncated_file_is_said_and_the_others_are_answered(self):
        with open(self.root.at("/good"), "rb") as file:
            size = len(file.read())
        for kept in (0, 3, 4, 20, 63, 64, 100, 500, 900, size // 2, size - 1):
            with self.subTest(kept=kept):
                self.change("/short", lambda file, kept=kept: file[:kept])
                everything = self.deps("--all")
                self.assertIn("\n/good\n", "\n" + everything.out)
                if 4 <= kept < 500:
                    self.assertIn("slim: warning: /short: ", everything.err)
                    self.assertIn("/short", self.deps("/short", status=3 if kept < 64 else 0).err)

    def test_hostile_headers_are_said(self):
        for offset, value in ((32, b"\xff" * 8), (54, b"\xff\xff\xff\xff"), (40, b"\xf0" * 8), (4, b"\7"), (5, b"\7")):
            with self.subTest(offset=offset):
                self.change("/hostile", lambda file, at=offset, new=value: file[:at] + new + file[at + len(new):])
                everything = self.deps("--all")
                self.assertIn("slim: warning: /hostile: ", everything.err)
                self.assertIn("\n/good\n", "\n" + everything.out)


if __name__ == "__main__":
    main()

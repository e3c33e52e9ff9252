#include "cli/dockerfile.h"

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/digest.h"
#include "analyzer/image.h"
#include "analyzer/image_ref.h"
#include "slimmer/analysis.h"
#include "slimmer/copies.h"
#include "tests/analyzer/image_builder.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::Layout;
using test::TarBuilder;
using test::TemporaryFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// An image of one layer, with `inner` as the config's object; all of it is kept but /opt/dropped.
class DockerfileTest : public testing::Test {
 protected:
  Dockerfile rendered(const std::string& inner, const TarBuilder& files, bool show_secrets = false) {
    const std::string tar = files.str();
    const std::string config = fmt::format(
        R"({{"os":"linux","architecture":"amd64","config":{},"rootfs":{{"type":"layers","diff_ids":{}}}}})",
        inner, test::quoted_list({Digest::of(tar).text()}));
    Layout layout;
    const std::string manifest =
        fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})",
                    test::oci_manifest_type, layout.blob("application/vnd.oci.image.config.v1+json", config),
                    layout.blob(test::oci_layer_type, tar));
    layout.index({layout.blob(test::oci_manifest_type, manifest, test::name_member("app:1"))});
    layout.write(folder_);
    AnalysisOptions options;
    options.mark.include = {"/**"};
    options.mark.exclude = {"/opt/dropped"};
    options.mark.metadata = false;
    analysis_ = analyze(parse_image_ref("oci:" + folder_.path()), options);
    Plan& plan = analysis_->plan;  // include wins over exclude: the dropped file is dropped by hand
    if (const NodeId dropped = analysis_->contents.tree.find("/opt/dropped"); dropped != no_node)
      plan.decisions[dropped] = {};
    return render_dockerfile(*analysis_, plan_copies(analysis_->contents.tree, plan),
                             {.file = "x/Dockerfile.slim",
                              .from = "app:1",
                              .platform = {},
                              .verdict = "same",
                              .show_secrets = show_secrets});
  }

  /// The instructions and their continuations, without comments and empty lines.
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      const auto first = line.find_first_not_of(' ');
      if (first != std::string::npos && line[first] != '#') lines.push_back(line);
    }
    return lines;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Analysis> analysis_;
};

TEST_F(DockerfileTest, CopiesFilesByFolderAndSetsWhatTheConfigSets) {
  const Dockerfile dockerfile = rendered(
      R"({"Entrypoint":["/opt/app"],"Cmd":["a b"],"Env":["MODE=fast"],"User":"1:2","WorkingDir":"/opt",)"
      R"("ExposedPorts":{"80/tcp":{}},"Volumes":{"/data":{}},"StopSignal":"SIGQUIT","Labels":{"a":"b"},)"
      R"("Healthcheck":{"Test":["CMD-SHELL","check || exit 1"],"Interval":1500000000,"Retries":2}})",
      TarBuilder()
          .folder("etc")
          .file("etc/a", "x")
          .folder("opt")
          .file("opt/app", "x")
          .file("opt/b c", "x")
          .file("opt/dropped", "x"));
  EXPECT_THAT(dockerfile.warnings, ElementsAre());
  EXPECT_THAT(
      lines_of(dockerfile.text),
      ElementsAre("FROM app:1 AS source", "FROM scratch", "COPY --from=source /etc /etc",
                  "COPY --from=source [ \\", "    \"/opt/app\", \\", "    \"/opt/b c\", \\", "    \"/opt/\"]",
                  "ADD ./Dockerfile.slim.tar /", "ENV MODE=\"fast\"", "LABEL a=\"b\"", "WORKDIR /opt",
                  "VOLUME [\"/data\"]", "EXPOSE 80/tcp", "STOPSIGNAL SIGQUIT", "USER 1:2",
                  "HEALTHCHECK --interval=1500ms --retries=2 CMD check || exit 1",
                  "ENTRYPOINT [\"/opt/app\"]", "CMD [\"a b\"]"));
}

TEST_F(DockerfileTest, WhatAnImageCallsItsFilesIsNoInstruction) {
  const Dockerfile dockerfile = rendered(R"({"Entrypoint":["/opt/app"]})", TarBuilder()
                                                                               .folder("opt")
                                                                               .file("opt/app", "x")
                                                                               .file("opt/dropped", "x")
                                                                               .file("opt/a\nRUN false", "x")
                                                                               .file("opt/\xe2\x80\xae"
                                                                                     "b",
                                                                                     "x")
                                                                               .file("opt/$c", "x")
                                                                               .file("opt/d\\", "x"));
  EXPECT_THAT(lines_of(dockerfile.text),
              ElementsAre("FROM app:1 AS source", "FROM scratch", "COPY --from=source \\", "    /opt/app \\",
                          "    /opt/", "ADD ./Dockerfile.slim.tar /", "ENTRYPOINT [\"/opt/app\"]"));
  EXPECT_THAT(dockerfile.text, AllOf(HasSubstr("#   /opt/a\\x0aRUN false: "), HasSubstr("#   /opt/$c: "),
                                     HasSubstr("#   /opt/\\u{202e}b: "), Not(HasSubstr("\xe2\x80\xae"))));
}

TEST_F(DockerfileTest, WhatAnImageSetsIsTextAndWhatNoLineHoldsIsAskedFor) {
  const Dockerfile dockerfile = rendered(
      R"({"Cmd":["two\nlines","$HOME","\u202e"],"Env":["A=$B \"q\" \\","N=1\nRUN false","=x"],)"
      R"("Labels":{"# escape":"`","a b":"<<EOF"},"User":"a\nb","StopSignal":"KILL ME","ExposedPorts":{"x":{}},)"
      R"("WorkingDir":"/a b","Healthcheck":{"Test":["CMD-SHELL","a\nb"]},"OnBuild":["RUN x"]})",
      TarBuilder().folder("opt").file("opt/app", "x"));
  EXPECT_THAT(
      lines_of(dockerfile.text),
      ElementsAre("FROM app:1 AS source", "FROM scratch", "COPY --from=source / /",
                  "ADD ./Dockerfile.slim.tar /", R"(ENV A="\$B \"q\" \\")", "ARG VALUE_1",
                  R"(ENV N="${VALUE_1:?give it with --build-arg VALUE_1}")", R"(LABEL "# escape"="`")",
                  R"(LABEL "a b"="<<EOF")", R"(WORKDIR "/a b")", R"(HEALTHCHECK CMD ["/bin/sh","-c","a\nb"])",
                  R"(CMD ["two\nlines","$HOME","\u202e"])"));
  EXPECT_THAT(dockerfile.warnings,
              ElementsAre(HasSubstr("ENV N is not in it"), HasSubstr("ENV =... is left out"),
                          HasSubstr("EXPOSE x is left out"), HasSubstr("STOPSIGNAL KILL ME is left out"),
                          HasSubstr("is left out: it holds"), HasSubstr("ONBUILD RUN x is left out")));
}

TEST_F(DockerfileTest, SecretsAreAskedForUnlessTheyAreToBeShown) {
  const std::string config = R"({"Cmd":["/opt/app"],"Env":["DB_PASSWORD=hunter2"]})";
  const TarBuilder files = TarBuilder().folder("opt").file("opt/app", "x");
  EXPECT_THAT(rendered(config, files).text, AllOf(Not(HasSubstr("hunter2")), HasSubstr("ARG VALUE_1")));
  EXPECT_THAT(rendered(config, files, true).text, HasSubstr("ENV DB_PASSWORD=\"hunter2\"\n"));
}

TEST_F(DockerfileTest, ManyFoldersAreCopiedInStages) {
  TarBuilder files;
  files.folder("opt").file("opt/dropped", "x");
  for (int number = 0; number < 150; ++number)
    files.folder(fmt::format("opt/{:03}", number)).file(fmt::format("opt/{:03}/x", number), "x");
  const std::string text = rendered(R"({"Cmd":["/opt/001/x"]})", files).text;
  EXPECT_THAT(text, AllOf(HasSubstr("\nFROM scratch AS part1\n"), HasSubstr("\nFROM scratch AS part2\n"),
                          Not(HasSubstr("AS part3")),
                          HasSubstr("\nFROM scratch\nCOPY --from=part1 / /\nCOPY --from=part2 / /\n")));
}

TEST(DockerfileWord, IsReadBackAsItIs) {
  EXPECT_EQ(dockerfile_word("/usr/share:80%"), "/usr/share:80%");
  EXPECT_EQ(dockerfile_word(""), "\"\"");
  EXPECT_EQ(dockerfile_word("a b"), "\"a b\"");
  EXPECT_EQ(dockerfile_word("$a\"\\`'"), "\"\\$a\\\"\\\\`'\"");
}

TEST(DockerfileLine, HoldsWhatAReaderSees) {
  for (const char* text : {"", "a\tb", "gr\xc3\xbc\xc3\x9f", "::error::x", "<<EOF"})
    EXPECT_TRUE(is_dockerfile_line(text)) << text;
  for (const char* text : {"a\nb", "\r", "\x1b[31m", "\x7f", "\xff", "\xe2\x80\xae", "\xe2\x80\x8b"})
    EXPECT_FALSE(is_dockerfile_line(text)) << text;
}

TEST(FromReference, IsTheDigestWhereARegistryKnowsIt) {
  Image image;
  image.digest = Digest::of("x");
  image.name = "nginx:1.27";
  EXPECT_EQ(from_reference(image, false), "nginx:1.27");
  EXPECT_EQ(from_reference(image, true), "docker.io/library/nginx@" + image.digest.text());
  image.name = "localhost:5000/team/app:1";
  EXPECT_EQ(from_reference(image, true), "localhost:5000/team/app@" + image.digest.text());
  image.name = "no name\nRUN false";
  EXPECT_EQ(from_reference(image, false), "");
  EXPECT_EQ(from_reference(image, true), "");
}

}  // namespace
}  // namespace slim

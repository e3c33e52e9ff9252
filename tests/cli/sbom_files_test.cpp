#include "cli/sbom_files.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "analyzer/image_ref.h"

namespace slim {
namespace {

TEST(SbomRequests, AFileIsCycloneDxUnlessItsFormatStandsBeforeIt) {
  const auto requests = sbom_requests({"a.json", "spdx=b.json", "cyclonedx=c=d.json", "x=y.json"});
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(requests[0].format, SbomFormat::cyclonedx);
  EXPECT_EQ(requests[0].path, "a.json");
  EXPECT_EQ(requests[1].format, SbomFormat::spdx);
  EXPECT_EQ(requests[1].path, "b.json");
  EXPECT_EQ(requests[2].format, SbomFormat::cyclonedx);
  EXPECT_EQ(requests[2].path, "c=d.json");
  EXPECT_EQ(requests[3].path, "x=y.json");
}

TEST(SbomRequests, AFormatWithoutAFileIsAUsageError) {
  for (const std::string value : {"spdx=", "cyclonedx=", ""}) {
    try {
      sbom_requests({value});
      ADD_FAILURE() << "took '" << value << "'";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
    }
  }
  EXPECT_THROW(sbom_format_of("xml", "--format"), Error);
}

TEST(PublicName, IsTheImagesElseTheFilesWithoutItsFolder) {
  ImageRef ref;
  ref.path = "/home/someone/app.tar";
  EXPECT_EQ(public_name("app:1", ref), "app:1");
  EXPECT_EQ(public_name("", ref), "app.tar");
}

}  // namespace
}  // namespace slim

#include "analyzer/auth_challenge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

TEST(AuthChallenge, ABearerChallengeNamesRealmServiceAndScope) {
  const auto all = read_auth_challenges(
      R"(Bearer realm="https://auth.test/token",service="registry.test",scope="repository:a/b:pull,push")");
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].scheme, "bearer");
  EXPECT_THAT(all[0].values,
              UnorderedElementsAre(Pair("realm", "https://auth.test/token"), Pair("service", "registry.test"),
                                   Pair("scope", "repository:a/b:pull,push")));
}

TEST(AuthChallenge, OneHeaderMayHoldSeveral) {
  const auto all =
      read_auth_challenges(R"(Negotiate, basic Realm = "a \"b\", c" , charset=UTF-8, BEARER realm=x)");
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].scheme, "negotiate");
  EXPECT_THAT(all[0].values, IsEmpty());
  EXPECT_THAT(all[1].values, UnorderedElementsAre(Pair("realm", R"(a "b", c)"), Pair("charset", "UTF-8")));
  EXPECT_EQ(all[2].scheme, "bearer");
  EXPECT_THAT(all[2].values, UnorderedElementsAre(Pair("realm", "x")));
}

TEST(AuthChallenge, NonsenseEndsTheList) {
  EXPECT_THAT(read_auth_challenges(""), IsEmpty());
  EXPECT_THAT(read_auth_challenges(" , ,"), IsEmpty());
  EXPECT_THAT(read_auth_challenges("realm=x"), IsEmpty());
  EXPECT_THAT(read_auth_challenges("\"quoted\""), IsEmpty());
  ASSERT_THAT(read_auth_challenges("Bearer realm=\"open"), SizeIs(1));
  EXPECT_THAT(read_auth_challenges("Bearer realm=\"ends\\"), SizeIs(1));
}

}  // namespace
}  // namespace slim

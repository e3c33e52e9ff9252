#include "runner/message.h"

#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "analyzer/spawn.h"

namespace slim {
namespace {

TEST(Message, CarriesAnyBytesAndDescriptors) {
  const auto sockets = make_socket_pair();
  auto pipe = make_pipe();
  Message sent{.name = "start",
               .fields = {"", std::string("a\0\xff b", 5), "long " + std::string(100'000, 'x')},
               .fds = {}};
  sent.fds.push_back(std::move(pipe.write));
  ASSERT_TRUE(send_message(sockets.first.get(), sent));
  const auto got = receive_message(sockets.second.get());
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->name, "start");
  EXPECT_EQ(got->fields, sent.fields);
  ASSERT_EQ(got->fds.size(), 1U);
  ASSERT_EQ(::write(got->fds[0].get(), "z", 1), 1);
  char byte = 0;
  ASSERT_EQ(::read(pipe.read.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'z');
}

TEST(Message, AGoneOrBrokenOtherSideIsSaid) {
  auto sockets = make_socket_pair();
  ASSERT_EQ(::send(sockets.first.get(), "\xff\xff\xff\xff\0\0\0\0", 8, 0), 8);
  EXPECT_FALSE(receive_message(sockets.second.get()).has_value());
  ASSERT_EQ(::shutdown(sockets.first.get(), SHUT_RDWR), 0);
  EXPECT_FALSE(receive_message(sockets.second.get()).has_value());
  EXPECT_FALSE(send_message(sockets.second.get(), {.name = "x", .fields = {}, .fds = {}}));
}

TEST(Message, AnErrorArrivesAsItWas) {
  const Error error(ErrorKind::input, "image x", "its layer 2: too big", "make it smaller");
  const auto copy = error_from(error_message(error));
  EXPECT_EQ(copy.kind(), ErrorKind::input);
  EXPECT_STREQ(copy.what(), error.what());
  EXPECT_EQ(copy.hint(), error.hint());
}

}  // namespace
}  // namespace slim

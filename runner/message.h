// Messages between slim and the process that keeps a sandbox, over a stream socket: a name, fields of any
// bytes, and file descriptors.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/unique_fd.h"

namespace slim {

struct Message {
  std::string name;
  std::vector<std::string> fields;
  std::vector<UniqueFd> fds;
};

/// Both ends of a connected, close-on-exec stream socket.
struct SocketPair {
  UniqueFd first;
  UniqueFd second;
};
SocketPair make_socket_pair();

/// Sends a message of at most 16 MiB with at most 8 descriptors (which stay the caller's). False: the other
/// side is gone.
bool send_message(int socket, const Message& message);
/// The next message; nullopt where the other side is gone or does not keep to the format.
std::optional<Message> receive_message(int socket);

/// An Error as a message of the name "error", and back.
Message error_message(const Error& error);
Error error_from(const Message& message);

}  // namespace slim

// What a server asks for when it answers 401: the header WWW-Authenticate.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

struct AuthChallenge {
  std::string scheme;                         ///< in lower case: basic, bearer
  std::map<std::string, std::string> values;  ///< names in lower case: realm, service, scope
};

/// The challenges of one header, in their order. What does not follow the grammar ends the list.
std::vector<AuthChallenge> read_auth_challenges(std::string_view header);

}  // namespace slim

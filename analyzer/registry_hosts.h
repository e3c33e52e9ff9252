// What this machine says about the hosts of registries: whom they may show, and how long they may take.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "analyzer/http_client.h"

namespace slim {

/// Certificates for HOST[:PORT] as Docker and Podman find them: *.crt (CAs besides those of the system),
/// *.cert with *.key (ours), in certs.d/HOST[:PORT] below /etc/docker, /etc/containers, ~/.config/containers
/// and
/// ~/.config/docker.
TlsOptions tls_for(const std::string& host, bool insecure);

/// Whether HOST[:PORT] is this machine by its name: localhost, 127.0.0.0/8 or ::1.
bool is_loopback(std::string_view host);

struct RegistryPatience {
  HttpPatience http;
  int tries = 5;                              ///< of a request in all, where trying again may help
  std::chrono::milliseconds first_wait{0};    ///< before the second; each further wait is twice as long
  std::chrono::milliseconds longest_wait{0};  ///< that a registry may ask for (Retry-After)
};

/// $SLIM_NETWORK_PATIENCE seconds (30) for a connection and for bytes that come at less than 1000 a second;
/// the other times follow from it. What is no number above 0 is an Error of kind usage.
RegistryPatience registry_patience();

}  // namespace slim

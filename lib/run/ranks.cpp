#include "run/ranks.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/text.h"
#include "system/fd.h"
#include "system/files.h"

namespace mlpipe {
namespace {

using Variables = std::vector<std::string>;

constexpr const char* here = "127.0.0.1";

// Ports that are free now: nobody else is given them while all are held.
Result<std::vector<int>> free_ports(std::size_t count) {
  std::vector<Fd> held;
  std::vector<int> ports;
  while (ports.size() < count) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (!socket || ::bind(socket.get(), any, size) != 0 || ::getsockname(socket.get(), any, &size) != 0)
      return errno_error("take a port of", here);
    ports.push_back(ntohs(address.sin_port));
    held.push_back(std::move(socket));
  }
  return ports;
}

std::string quoted_addresses(const std::vector<int>& ports, std::size_t first, std::size_t count) {
  std::vector<std::string> addresses;
  for (std::size_t i = first; i < first + count; ++i) addresses.push_back(fmt::format("\"{}:{}\"", here, ports[i]));
  return join(addresses, ", ");
}

Variables tensorflow(const Distribution& distribution, const std::vector<int>& ports, std::size_t rank) {
  const auto workers = static_cast<std::size_t>(distribution.tensorflow_workers()), servers = static_cast<std::size_t>(distribution.parameter_servers);
  const bool is_worker = rank < workers;
  std::string cluster = fmt::format("\"worker\": [{}]", quoted_addresses(ports, 0, workers));
  if (servers > 0) cluster += fmt::format(", \"ps\": [{}]", quoted_addresses(ports, workers, servers));
  return {fmt::format("TF_CONFIG={{\"cluster\": {{{}}}, \"task\": {{\"type\": \"{}\", \"index\": {}}}, \"environment\": \"cloud\"}}", cluster,
                      is_worker ? "worker" : "ps", is_worker ? rank : rank - workers)};
}

Variables pytorch(const Distribution& distribution, int port, std::size_t rank, std::size_t size) {
  const auto per_instance = static_cast<std::size_t>(distribution.processes_per_instance);
  return {fmt::format("RANK={}", rank),
          fmt::format("WORLD_SIZE={}", size),
          fmt::format("LOCAL_RANK={}", rank % per_instance),
          fmt::format("LOCAL_WORLD_SIZE={}", per_instance),
          fmt::format("NODE_RANK={}", rank / per_instance),
          fmt::format("MASTER_ADDR={}", here),
          fmt::format("MASTER_PORT={}", port)};
}

Variables mpi(const Distribution& distribution, std::size_t rank, std::size_t size) {
  const auto per_instance = static_cast<std::size_t>(distribution.processes_per_instance);
  return {fmt::format("OMPI_COMM_WORLD_RANK={}", rank),
          fmt::format("OMPI_COMM_WORLD_SIZE={}", size),
          fmt::format("OMPI_COMM_WORLD_LOCAL_RANK={}", rank % per_instance),
          fmt::format("OMPI_COMM_WORLD_LOCAL_SIZE={}", per_instance),
          fmt::format("OMPI_COMM_WORLD_NODE_RANK={}", rank / per_instance)};
}

Variables variables_of(const Distribution& distribution, const std::vector<int>& ports, std::size_t rank, std::size_t size) {
  Variables variables;
  switch (distribution.kind) {
    case Distribution::Kind::none:
      if (distribution.instances == 1) return {};
      break;
    case Distribution::Kind::ray: break;
    case Distribution::Kind::tensorflow: variables = tensorflow(distribution, ports, rank); break;
    case Distribution::Kind::pytorch: variables = pytorch(distribution, ports[0], rank, size); break;
    case Distribution::Kind::mpi: variables = mpi(distribution, rank, size); break;
  }
  variables.push_back(fmt::format("AZUREML_NODE_COUNT={}", distribution.instances));
  return variables;
}

}  // namespace

Result<std::vector<std::vector<std::string>>> rank_variables(const Distribution& distribution) {
  const std::size_t size = distribution.processes();
  std::vector<int> ports;
  if (distribution.kind == Distribution::Kind::tensorflow || distribution.kind == Distribution::Kind::pytorch) {
    MLPIPE_TRY(ports, free_ports(distribution.kind == Distribution::Kind::pytorch ? 1 : size));
  }
  std::vector<Variables> all;
  for (std::size_t rank = 0; rank < size; ++rank) all.push_back(variables_of(distribution, ports, rank, size));
  return all;
}

}  // namespace mlpipe

#include "update_many.hpp"

#include "mongo.hpp"

namespace storm {

UpdateMany::UpdateMany(const Server& server, const std::string& database)
    : seconds_(std::async(std::launch::async, [&server, database] {
        const Client client = server.client();
        const auto start = std::chrono::steady_clock::now();
        command(client, database,
                R"({"update":"users","updates":[{"multi":true,"q":{},"u":{"$inc":{"seen":1}}}]})");
        return since(start);
      })) {}

}  // namespace storm

#include "mongo/pools.hpp"

namespace sluice::mongo {

std::shared_ptr<ClientPool> Pools::share(const StreamConfig& stream, int clients,
                                         const std::string& application, ClientPool::Listener listener) {
  const std::lock_guard lock(mutex_);
  auto& known = pools_[{stream.uri, stream.uri_file}];
  auto pool = known.lock();
  if (pool) {
    pool->allow_more(clients);
  } else {
    pool = std::make_shared<ClientPool>(stream, clients, application, std::move(listener));
    known = pool;
  }
  ClientPool* const shared = pool.get();
  return {shared, [pool = std::move(pool), clients](ClientPool* its) mutable {
            its->allow_more(-clients);
            pool.reset();
          }};
}

}  // namespace sluice::mongo

#pragma once

#include "async/spawn.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

namespace sluice {

namespace asio = boost::asio;

using async::run_blocking;
using Strand = asio::strand<asio::io_context::executor_type>;

}  // namespace sluice

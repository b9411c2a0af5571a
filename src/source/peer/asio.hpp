#pragma once

#if defined(__SANITIZE_ADDRESS__)
// In instrumented code, GCC 12 does not see that Asio allocates and frees by matching functions.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace sluice::source {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

}  // namespace sluice::source

#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "k8scale/net/task.h"

namespace k8scale::net {

/// Given to an operation of Asio, makes it one to await, which yields its error, and its result, as a tuple.
inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable_t<Executor>());

}  // namespace k8scale::net

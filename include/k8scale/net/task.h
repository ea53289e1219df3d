#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace k8scale::net {

/// Every coroutine runs on the event loop of one shard.
using Executor = boost::asio::io_context::executor_type;

/// A coroutine that yields a T. It starts when it is awaited or spawned on a Shard.
/// Traps of g++ 12 around `co_await`: never await inside a condition, and give a name to every operand of an
/// awaited call that is an aggregate or a capturing lambda.
template <class T>
using Task = boost::asio::awaitable<T, Executor>;

}  // namespace k8scale::net

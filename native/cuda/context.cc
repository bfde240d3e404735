#include "cuda/context.h"

namespace nameplate::cuda {

int deviceAttribute(CUdevice device, CUdevice_attribute attribute) {
  int value = 0;
  check(driver().cuDeviceGetAttribute(&value, attribute, device), "cuDeviceGetAttribute");
  return value;
}

int capabilityOf(CUdevice device) {
  return deviceAttribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) * 10 +
         deviceAttribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
}

Context::Context(CUdevice device) : device_(device) {
  capability_ = capabilityOf(device);
  check(driver().cuDevicePrimaryCtxRetain(&context_, device), "cuDevicePrimaryCtxRetain");
  try {
    bind();
    check(driver().cuStreamCreate(&stream_, nonBlockingStream), "cuStreamCreate");
  } catch (...) {
    ignore(driver().cuDevicePrimaryCtxRelease(device_));
    throw;
  }
}

Context::~Context() {
  bindQuietly();
  ignore(driver().cuStreamDestroy(stream_));
  ignore(driver().cuDevicePrimaryCtxRelease(device_));
}

void Context::bind() const {
  check(driver().cuCtxSetCurrent(context_), "cuCtxSetCurrent");
}

void Context::bindQuietly() const noexcept {
  ignore(driver().cuCtxSetCurrent(context_));
}

void Context::synchronize() const {
  check(driver().cuStreamSynchronize(stream_), "cuStreamSynchronize");
}

int Context::attribute(CUdevice_attribute attribute) const {
  return deviceAttribute(device_, attribute);
}

std::string Context::capabilityText() const {
  return std::to_string(capability_ / 10) + "." + std::to_string(capability_ % 10);
}

unsigned Context::multiprocessors() const {
  return static_cast<unsigned>(attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
}

Event Context::event() const {
  bind();
  Event made;
  check(driver().cuEventCreate(made.out(), defaultEvent), "cuEventCreate");
  return made;
}

double Context::seconds(const Event& from, const Event& to) const {
  check(driver().cuEventSynchronize(to.get()), "cuEventSynchronize");
  float milliseconds = 0;
  check(driver().cuEventElapsedTime(&milliseconds, from.get(), to.get()), "cuEventElapsedTime");
  return milliseconds / 1e3;
}

SideStream::SideStream(SharedContext context)
    : context_(std::move(context)), begin_(context_->event()), end_(context_->event()) {
  check(driver().cuStreamCreate(&stream_, nonBlockingStream), "cuStreamCreate");
}

SideStream::~SideStream() {
  context_->bindQuietly();
  ignore(driver().cuStreamDestroy(stream_));
}

void SideStream::follow() const {
  check(driver().cuEventRecord(begin_.get(), context_->stream()), "cuEventRecord");
  check(driver().cuStreamWaitEvent(stream_, begin_.get(), defaultWait), "cuStreamWaitEvent");
}

void SideStream::join() const {
  check(driver().cuEventRecord(end_.get(), stream_), "cuEventRecord");
  check(driver().cuStreamWaitEvent(context_->stream(), end_.get(), defaultWait), "cuStreamWaitEvent");
}

}  // namespace nameplate::cuda

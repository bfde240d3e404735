// Handing out: each native noun as one plain object, field for field what src/schema.ts parses.
#pragma once

#include <napi.h>

#include "backend.h"
#include "operations.h"
#include "sample.h"
#include "soak.h"

namespace nameplate {

Napi::Value answer(Napi::Env, const CoreGroup&);
Napi::Value answer(Napi::Env, const Cache&);
Napi::Value answer(Napi::Env, const std::optional<LinkEnd>&);
Napi::Value answer(Napi::Env, const Facts&);
Napi::Value answer(Napi::Env, const Absence&);
Napi::Value answer(Napi::Env, const Library&);
Napi::Value answer(Napi::Env, const Operation&);
Napi::Value answer(Napi::Env, const Outcome&);
Napi::Value answer(Napi::Env, const SoakError&);
Napi::Value answer(Napi::Env, const SoakStep&);

template <class Items>
Napi::Array answerAll(Napi::Env env, const Items& items) {
  auto array = Napi::Array::New(env, std::size(items));
  std::uint32_t index = 0;
  for (const auto& item : items) array[index++] = answer(env, item);
  return array;
}

Napi::Array answerTexts(Napi::Env, const std::vector<std::string>&);

// A JavaScript Error with the native code as its `code`.
Napi::Error failure(Napi::Env, const std::string& code, const std::string& message);

}  // namespace nameplate

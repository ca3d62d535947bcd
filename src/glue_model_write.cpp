// R objects as plain values (core/base/value.h).
#include <cstring>
#include <set>
#include <string>

#include "core/base/value.h"
#include "glue_host.h"

using causalsynth::Texts;
using causalsynth::Value;
using causalsynth::ValueType;

namespace {

constexpr R_xlen_t kStoredFrom = 512;  // raw vectors of so many bytes get a section of their own

// An object that cannot be written: where and what it is.
struct Refusal {
  std::string path, what;
};

Value text_value(ValueType type, const std::string& text) {
  Value value;
  value.type = type;
  Texts texts;
  texts.add(text.data(), text.size());
  value.content = std::move(texts);
  return value;
}

class ToValue {
 public:
  // `constants`: an R function of a formula and its path, which returns a named list of what the
  // formula takes from its environment.
  ToValue(const Rcpp::CharacterVector& functions, Rcpp::Function constants)
      : functions_(glue::as_set(functions)), constants_(constants) {}

  Value convert(SEXP x) {
    if (++depth_ > causalsynth::kDeepestValue) refuse("nested too deeply");
    Value value;
    const bool formula = TYPEOF(x) == LANGSXP && Rf_inherits(x, "formula");
    in_formula_ += formula;
    content(x, value);
    attributes(x, value, formula);
    in_formula_ -= formula;
    --depth_;
    return value;
  }
  const std::vector<SEXP>& stored() const { return stored_; }

 private:
  struct Step {
    SEXP name;  // CHARSXP, or NULL for a place
    R_xlen_t place;
    bool attribute;
  };

  [[noreturn]] void refuse(const std::string& what) const { throw Refusal{path(), what}; }

  std::string path() const {
    std::string result = "x";
    int steps = 0;
    for (const Step& step : path_) {
      if (++steps > 12) return result + " ...";
      const std::string name = step.name ? CHAR(step.name) : "";
      if (step.attribute)
        result = "attr(" + result + ", \"" + name + "\")";
      else if (name.empty())
        result += "[[" + std::to_string(step.place + 1) + "]]";
      else
        result += "$" + name;
    }
    return result;
  }

  Value part(SEXP x, Step step) {
    path_.push_back(step);
    Value value = convert(x);
    path_.pop_back();
    return value;
  }

  void content(SEXP x, Value& value) {
    if (IS_S4_OBJECT(x)) refuse("an S4 object");
    switch (TYPEOF(x)) {
      case NILSXP:
        return;
      case LGLSXP:
        value.type = ValueType::logical;
        value.content = std::vector<std::int32_t>(LOGICAL(x), LOGICAL(x) + Rf_xlength(x));
        return;
      case INTSXP:
        value.type = ValueType::integer;
        value.content = std::vector<std::int32_t>(INTEGER(x), INTEGER(x) + Rf_xlength(x));
        return;
      case REALSXP:
        value.type = ValueType::real;
        value.content = std::vector<double>(REAL(x), REAL(x) + Rf_xlength(x));
        return;
      case STRSXP:
        value.type = ValueType::text;
        value.content = texts(x);
        return;
      case RAWSXP:
        return bytes(x, value);
      case VECSXP:
        return list(x, value);
      default:
        expression(x, value);
    }
  }

  // Text of the session's own encoding must be valid in it: conversion would mend it in silence.
  void check_encoding(SEXP x) const {
    bool native = false;
    for (R_xlen_t i = 0; i < Rf_xlength(x); ++i) {
      SEXP one = STRING_ELT(x, i);
      if (Rf_getCharCE(one) == CE_BYTES) refuse("text marked as bytes");
      native = native || (Rf_getCharCE(one) == CE_NATIVE && !is_ascii(CHAR(one)));
    }
    if (!native) return;
    const Rcpp::LogicalVector valid = Rcpp::Function("validEnc", R_BaseEnv)(x);
    if (Rcpp::is_false(Rcpp::all(valid))) refuse("text that is not valid in its encoding");
  }

  static bool is_ascii(const char* text) {
    for (; *text; ++text)
      if (static_cast<unsigned char>(*text) > 0x7F) return false;
    return true;
  }

  Texts texts(SEXP x) const {
    check_encoding(x);
    Texts result;
    const void* top = vmaxget();
    for (R_xlen_t i = 0; i < Rf_xlength(x); ++i) {
      SEXP one = STRING_ELT(x, i);
      if (one == NA_STRING) {
        result.add_missing();
        continue;
      }
      const char* text = Rf_translateCharUTF8(one);
      const std::size_t size = std::strlen(text);
      if (!causalsynth::is_utf8(text, size)) refuse("text that is not valid UTF-8");
      result.add(text, size);
    }
    vmaxset(top);
    return result;
  }

  void bytes(SEXP x, Value& value) {
    if (Rf_xlength(x) < kStoredFrom) {
      value.type = ValueType::bytes;
      value.content = std::vector<unsigned char>(RAW(x), RAW(x) + Rf_xlength(x));
      return;
    }
    value.type = ValueType::stored;
    stored_.push_back(x);
    value.content = causalsynth::StoredBytes{static_cast<std::uint64_t>(stored_.size()),
                                             static_cast<std::uint64_t>(Rf_xlength(x))};
  }

  void list(SEXP x, Value& value) {
    value.type = ValueType::list;
    const Rcpp::Shield<SEXP> names(Rf_getAttrib(x, R_NamesSymbol));
    std::vector<Value> items;
    items.reserve(static_cast<std::size_t>(Rf_xlength(x)));
    for (R_xlen_t i = 0; i < Rf_xlength(x); ++i) {
      SEXP name = Rf_isNull(names) ? nullptr : STRING_ELT(names, i);
      items.push_back(part(VECTOR_ELT(x, i), {name, i, false}));
    }
    value.content = std::move(items);
  }

  void expression(SEXP x, Value& value) {
    const int type = TYPEOF(x);
    if (in_formula_ && type == SYMSXP) {
      const std::string name = CHAR(PRINTNAME(x));
      if (name.empty()) refuse("an empty argument in a formula");
      value = text_value(ValueType::symbol, Rf_translateCharUTF8(PRINTNAME(x)));
    } else if (in_formula_ && type == LANGSXP) {
      call(x, value);
    } else if (Rf_isFunction(x)) {
      refuse("a function");
    } else if (type == ENVSXP) {
      refuse("an environment");
    } else if (type == LANGSXP || type == SYMSXP || type == EXPRSXP) {
      refuse("an expression outside a formula");
    } else {
      refuse(std::string("of type ") + Rf_type2char(static_cast<SEXPTYPE>(type)));
    }
  }

  // The function's name, checked; `pkg::name` as text.
  Value function_of(SEXP x) const {
    SEXP head = CAR(x);
    std::string name;
    ValueType type = ValueType::symbol;
    if (TYPEOF(head) == SYMSXP) {
      name = Rf_translateCharUTF8(PRINTNAME(head));
    } else if (TYPEOF(head) == LANGSXP && CAR(head) == Rf_install("::") && Rf_length(head) == 3 &&
               TYPEOF(CADR(head)) == SYMSXP && TYPEOF(CADDR(head)) == SYMSXP) {
      name = std::string(CHAR(PRINTNAME(CADR(head)))) + "::" + CHAR(PRINTNAME(CADDR(head)));
      type = ValueType::text;
    } else {
      refuse("a call of what is no name");
    }
    if (!functions_.count(name)) refuse("a call of `" + name + "`");
    return text_value(type, name);
  }

  static bool is_link(SEXP x, SEXP head) {
    return TYPEOF(x) == LANGSXP && CAR(x) == head && Rf_length(x) == 3 &&
           TAG(CDR(x)) == R_NilValue && TAG(CDDR(x)) == R_NilValue &&
           Rcpp::RObject(x).attributeNames().empty();
  }

  void call(SEXP x, Value& value) {
    std::vector<Value> items{function_of(x)};
    SEXP head = CAR(x);
    // Sums of many terms nest to the left as deeply as they are long: they are laid out flat.
    if (TYPEOF(head) == SYMSXP && Rf_length(x) == 3 && is_link(CADR(x), head) &&
        TAG(CDR(x)) == R_NilValue && TAG(CDDR(x)) == R_NilValue) {
      std::vector<SEXP> operands{CADDR(x)};
      SEXP at = CADR(x);
      for (; is_link(at, head); at = CADR(at)) operands.push_back(CADDR(at));
      operands.push_back(at);
      value.type = ValueType::chain;
      for (std::size_t i = operands.size(); i-- > 0;)
        items.push_back(part(operands[i], {nullptr, 0, false}));
    } else {
      value.type = ValueType::call;
      Texts names;
      bool named = false;
      R_xlen_t place = 1;
      for (SEXP at = CDR(x); at != R_NilValue; at = CDR(at), ++place) {
        const std::string name = TAG(at) == R_NilValue ? "" : CHAR(PRINTNAME(TAG(at)));
        named = named || !name.empty();
        names.add(name.data(), name.size());
        items.push_back(part(CAR(at), {nullptr, place, false}));
      }
      if (named) {
        Value texts;
        texts.type = ValueType::text;
        texts.content = std::move(names);
        value.attributes.push_back({"names", std::move(texts)});
      }
    }
    value.content = std::move(items);
  }

  void attributes(SEXP x, Value& value, bool formula) {
    if (TYPEOF(x) == SYMSXP || x == R_NilValue) return;
    for (const std::string& name : Rcpp::RObject(x).attributeNames()) {
      // A pointer of data.table, of no use in another session; a formula's environment.
      if (name == ".internal.selfref" || (formula && name == ".Environment")) continue;
      const Rcpp::RObject found = name == "row.names"
                                      ? row_names(x)
                                      : Rcpp::RObject(Rf_getAttrib(x, Rf_install(name.c_str())));
      const Rcpp::Shield<SEXP> label(Rf_mkCharCE(name.c_str(), CE_UTF8));
      held_.push_back(found);
      value.attributes.push_back({name, part(found, {label, 0, true})});
    }
    if (!formula) return;
    // In a list: as an argument of its own the formula would be evaluated.
    const Rcpp::RObject constants = constants_(Rcpp::List::create(x), path());
    held_.push_back(constants);
    if (Rf_xlength(constants) > 0) value.attributes.push_back({".constants", convert(constants)});
  }

  // 1 to n as R keeps it: missing, -n.
  static Rcpp::RObject row_names(SEXP x) {
    const Rcpp::RObject names = Rf_getAttrib(x, R_RowNamesSymbol);
    if (TYPEOF(names) != INTSXP || Rf_xlength(names) == 0) return names;
    const Rcpp::IntegerVector places(names);
    for (R_xlen_t i = 0; i < places.size(); ++i)
      if (places[i] != i + 1) return names;
    return Rcpp::IntegerVector::create(NA_INTEGER, -static_cast<int>(places.size()));
  }

  std::set<std::string> functions_;
  Rcpp::Function constants_;
  std::vector<Step> path_;
  std::vector<SEXP> stored_;
  std::vector<Rcpp::RObject> held_;  // attributes that only this object may refer to
  int depth_ = 0, in_formula_ = 0;
};

}  // namespace

// list(object, stored), or list(path, what) of what cannot be written.
// [[Rcpp::export(rng = false)]]
Rcpp::List model_encode(SEXP x, Rcpp::CharacterVector functions, Rcpp::Function constants) {
  try {
    ToValue writer(functions, constants);
    const std::vector<unsigned char> bytes = causalsynth::encode_value(writer.convert(x));
    return Rcpp::List::create(
        Rcpp::Named("object") = glue::raw(bytes),
        Rcpp::Named("stored") = Rcpp::List(writer.stored().begin(), writer.stored().end()));
  } catch (const Refusal& refusal) {
    return Rcpp::List::create(Rcpp::Named("path") = refusal.path,
                              Rcpp::Named("what") = refusal.what);
  } catch (const std::invalid_argument& beyond) {
    return Rcpp::List::create(Rcpp::Named("path") = "x",
                              Rcpp::Named("what") = std::string("too large: ") + beyond.what());
  }
}

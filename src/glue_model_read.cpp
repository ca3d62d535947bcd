// R objects from plain values (core/base/value.h). Nothing is evaluated: calls are built for
// formulas alone, and only of functions that the caller allows.
#include <algorithm>
#include <climits>
#include <set>
#include <string>

#include "core/base/value.h"
#include "glue_file.h"

using causalsynth::FileError;
using causalsynth::FileProblem;
using causalsynth::Texts;
using causalsynth::Value;
using causalsynth::ValueType;

namespace {

class FromValue {
 public:
  // `environment`: an R function of a formula's constants, which returns its environment.
  FromValue(const Rcpp::List& stored, const Rcpp::CharacterVector& functions,
            Rcpp::Function environment)
      : stored_(stored), functions_(glue::as_set(functions)), environment_(environment) {}

  Rcpp::RObject build(const Value& value) {
    const bool formula = is_formula(value);
    in_formula_ += formula;
    Rcpp::RObject x = content(value);
    if (!value.attributes.empty()) x = with_attributes(x, value, formula);
    in_formula_ -= formula;
    return x;
  }

 private:
  [[noreturn]] static void broken(const std::string& what) {
    throw FileError(FileProblem::damaged, what);
  }

  static const Value* attribute(const Value& value, const char* name) {
    for (const causalsynth::Attribute& one : value.attributes)
      if (one.name == name) return &one.value;
    return nullptr;
  }

  static bool is_formula(const Value& value) {
    const Value* classes = attribute(value, "class");
    if ((value.type != ValueType::call && value.type != ValueType::chain) || !classes ||
        classes->type != ValueType::text)
      return false;
    const Rcpp::CharacterVector names(strings(classes->texts()));
    return std::find(names.begin(), names.end(), "formula") != names.end();
  }

  static SEXP strings(const Texts& texts) {
    Rcpp::Shield<SEXP> x(Rf_allocVector(STRSXP, static_cast<R_xlen_t>(texts.sizes.size())));
    const char* at = texts.pool.data();
    for (std::size_t i = 0; i < texts.sizes.size(); ++i) {
      const auto place = static_cast<R_xlen_t>(i);
      if (texts.sizes[i] == Texts::kMissing) {
        SET_STRING_ELT(x, place, NA_STRING);
        continue;
      }
      if (texts.sizes[i] > INT_MAX) broken("a text is longer than R takes");
      SET_STRING_ELT(x, place, Rf_mkCharLenCE(at, static_cast<int>(texts.sizes[i]), CE_UTF8));
      at += texts.sizes[i];
    }
    return x;
  }

  Rcpp::RObject content(const Value& value) {
    switch (value.type) {
      case ValueType::null:
        return R_NilValue;
      case ValueType::logical:
        return Rcpp::LogicalVector(value.integers().begin(), value.integers().end());
      case ValueType::integer:
        return Rcpp::IntegerVector(value.integers().begin(), value.integers().end());
      case ValueType::real:
        return Rcpp::NumericVector(value.reals().begin(), value.reals().end());
      case ValueType::text:
        return strings(value.texts());
      case ValueType::bytes:
        return Rcpp::RawVector(value.bytes().begin(), value.bytes().end());
      case ValueType::stored:
        return stored(value.stored());
      case ValueType::list: {
        Rcpp::List x(value.items().size());
        for (std::size_t i = 0; i < value.items().size(); ++i) x[i] = build(value.items()[i]);
        return x;
      }
      default:
        return expression(value);
    }
  }

  Rcpp::RObject stored(const causalsynth::StoredBytes& bytes) const {
    if (bytes.section < 1 || bytes.section > static_cast<std::uint64_t>(stored_.size()))
      broken("a section is missing");
    const Rcpp::RObject found = stored_[static_cast<R_xlen_t>(bytes.section) - 1];
    if (TYPEOF(found) != RAWSXP || static_cast<std::uint64_t>(Rf_xlength(found)) != bytes.size)
      broken("a section has another length than stated");
    return found;
  }

  Rcpp::RObject expression(const Value& value) {
    if (!in_formula_) broken("an expression outside a formula");
    if (value.type == ValueType::symbol) return symbol(value);
    const std::vector<Value>& items = value.items();
    const Rcpp::RObject head = function_of(items[0]);
    if (value.type == ValueType::chain) {
      Rcpp::RObject x = build(items[1]);
      for (std::size_t i = 2; i < items.size(); ++i) {
        const Rcpp::RObject next = build(items[i]);
        x = Rf_lang3(head, x, next);
      }
      return x;
    }
    Rcpp::RObject arguments = R_NilValue;
    const Value* names = attribute(value, "names");
    const Rcpp::RObject tags = names ? build(*names) : Rcpp::RObject(R_NilValue);
    if (names && (TYPEOF(tags) != STRSXP || Rf_xlength(tags) + 1 != count_of(items)))
      broken("a call has other names than arguments");
    for (std::size_t i = items.size(); i-- > 1;) {
      const Rcpp::RObject one = build(items[i]);
      arguments = Rf_cons(one, arguments);
      if (!names) continue;
      SEXP tag = STRING_ELT(tags, static_cast<R_xlen_t>(i) - 1);
      if (tag == NA_STRING || Rf_xlength(tag) > 1000) broken("an argument has no fit name");
      if (Rf_xlength(tag) > 0) SET_TAG(arguments, Rf_installChar(tag));
    }
    return Rcpp::RObject(Rf_lcons(head, arguments));
  }

  static R_xlen_t count_of(const std::vector<Value>& items) {
    return static_cast<R_xlen_t>(items.size());
  }

  static SEXP symbol(const Value& value) {
    const Rcpp::Shield<SEXP> name(strings(value.texts()));
    if (STRING_ELT(name, 0) == NA_STRING) broken("a symbol has no name");
    return Rf_installChar(STRING_ELT(name, 0));
  }

  Rcpp::RObject function_of(const Value& value) const {
    const std::string& name = value.texts().pool;
    if (!functions_.count(name))
      throw FileError(FileProblem::refused, "a formula in it calls `" + name.substr(0, 100) + "`");
    const std::size_t colons = name.find("::");
    if (value.type == ValueType::symbol || colons == std::string::npos) return symbol(value);
    return Rcpp::RObject(Rf_lang3(Rf_install("::"), Rf_install(name.substr(0, colons).c_str()),
                                  Rf_install(name.substr(colons + 2).c_str())));
  }

  Rcpp::RObject with_attributes(const Rcpp::RObject& x, const Value& value, bool formula) {
    std::vector<Rcpp::RObject> values;
    std::vector<std::string> names;
    Rcpp::RObject constants = Rcpp::List(0);
    const bool call = value.type == ValueType::call;
    for (const causalsynth::Attribute& one : value.attributes) {
      if (formula && one.name == ".constants") {
        constants = build(one.value);
      } else if (!(call && one.name == "names")) {
        names.push_back(one.name);
        values.push_back(build(one.value));
      }
    }
    if (formula) {
      names.push_back(".Environment");
      values.push_back(environment_(constants));
    }
    if (names.empty()) return x;
    if (TYPEOF(x) == LANGSXP) return call_with(x, names, values);
    Rcpp::List attributes(values.begin(), values.end());
    attributes.names() = Rcpp::wrap(names);
    const Rcpp::RObject result = Rcpp::Function("attributes<-", R_BaseEnv)(x, attributes);
    check_factor(result);
    return result;
  }

  // Attributes one by one: as the argument of an R function the call would be evaluated.
  static Rcpp::RObject call_with(const Rcpp::RObject& x, const std::vector<std::string>& names,
                                 const std::vector<Rcpp::RObject>& values) {
    static const std::set<std::string> kOfVectors{"names",  "dim",       "dimnames", "tsp",
                                                  "levels", "row.names", "comment"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (kOfVectors.count(names[i]) || (names[i] == "class" && TYPEOF(values[i]) != STRSXP))
        broken("an expression has an attribute of vectors");
      Rf_setAttrib(x, Rf_install(names[i].c_str()), values[i]);
    }
    return x;
  }

  // Codes beyond the levels would be read out of bounds by others.
  static void check_factor(const Rcpp::RObject& x) {
    if (!Rf_inherits(x, "factor")) return;
    const Rcpp::RObject levels = Rf_getAttrib(x, R_LevelsSymbol);
    if (TYPEOF(x) != INTSXP || TYPEOF(levels) != STRSXP) broken("a factor without levels");
    for (R_xlen_t i = 0; i < Rf_xlength(x); ++i) {
      const int code = INTEGER(x)[i];
      if (code != NA_INTEGER && (code < 1 || code > Rf_xlength(levels)))
        broken("a factor has a code beyond its levels");
    }
  }

  Rcpp::List stored_;
  std::set<std::string> functions_;
  Rcpp::Function environment_;
  int in_formula_ = 0;
};

}  // namespace

// `stored`: the raw vectors of the sections that the object refers to.
// [[Rcpp::export(rng = false)]]
Rcpp::RObject model_decode(Rcpp::RawVector object, Rcpp::List stored,
                           Rcpp::CharacterVector functions, Rcpp::Function environment) {
  return glue::file_result([&]() -> Rcpp::RObject {
    const Value value = causalsynth::decode_value(glue::view(object));
    FromValue reader(stored, functions, environment);
    return reader.build(value);
  });
}

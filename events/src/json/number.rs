//! `Number`: a JSON number that cannot hold a value outside normal form.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Most decimal digits of a 64-bit integer.
const INTEGER_DIGITS_MAX: usize = 20;
/// Places behind the point with which every f64 is written exactly: the smallest is a multiple of 2⁻¹⁰⁷⁴.
const FRACTION_PLACES_MAX: usize = 1_074;
/// Up to this many places before the point ECMAScript writes no exponent.
const PLAIN_PLACES_MAX: i64 = 21;
/// With more zeros than this behind the point ECMAScript writes an exponent.
const PLAIN_ZEROS_MAX: i64 = 5;

/// Why a text or an f64 is no number in normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NumberError {
    /// Not a number as JSON writes it; NaN and the infinities are none.
    #[error("is not a JSON number")]
    Syntax,
    /// An integer, however it is written, outside of i64 and u64.
    #[error("the number is an integer outside 64 bits")]
    IntegerTooLarge,
    /// The nearest f64 has another decimal value.
    #[error("the number has more digits than can be kept")]
    LosesDigits,
}

/// A number in normal form: an integer of 64 bits, or a finite f64 whose value is no such integer, nor any other.
#[derive(Clone, Copy, PartialEq)]
pub struct Number(Repr);

// A fraction is never NaN, so equality is total.
impl Eq for Number {}

#[derive(Clone, Copy, PartialEq)]
enum Repr {
    /// Zero and up.
    Natural(u64),
    /// Below zero.
    Negative(i64),
    /// Not an integer, and finite.
    Fraction(f64),
}

impl Number {
    /// The number with this value.
    ///
    /// # Errors
    /// When it is not finite, or an integer outside 64 bits.
    pub fn from_f64(value: f64) -> Result<Self, NumberError> {
        if value.is_finite() { ecmascript(value).parse() } else { Err(NumberError::Syntax) }
    }

    /// Whether the number is an integer.
    #[must_use]
    pub const fn is_integer(&self) -> bool {
        !matches!(self.0, Repr::Fraction(_))
    }

    /// The integer, if it is one from 0 to 2⁶⁴ − 1.
    #[must_use]
    pub const fn as_u64(&self) -> Option<u64> {
        if let Repr::Natural(natural) = self.0 { Some(natural) } else { None }
    }

    /// The integer, if it is one from −2⁶³ to 2⁶³ − 1.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Natural(natural) => i64::try_from(natural).ok(),
            Repr::Negative(negative) => Some(negative),
            Repr::Fraction(_) => None,
        }
    }

    /// The fraction, if it is no integer.
    #[must_use]
    pub const fn as_fraction(&self) -> Option<f64> {
        if let Repr::Fraction(fraction) = self.0 { Some(fraction) } else { None }
    }
}

impl From<u64> for Number {
    fn from(natural: u64) -> Self {
        Self(Repr::Natural(natural))
    }
}

impl From<i64> for Number {
    fn from(integer: i64) -> Self {
        u64::try_from(integer).map_or(Self(Repr::Negative(integer)), Self::from)
    }
}

impl FromStr for Number {
    type Err = NumberError;

    /// Reads a number exactly as JSON writes it, without white space.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let decimal = Decimal::read(text).ok_or(NumberError::Syntax)?;
        if decimal.digits.is_empty() {
            Ok(Self::from(0_u64))
        } else if decimal.exponent >= 0 {
            decimal.integer().ok_or(NumberError::IntegerTooLarge)
        } else {
            let fraction: f64 = text.parse().map_err(|_| NumberError::Syntax)?;
            if Decimal::shortest(fraction).as_ref() == Some(&decimal) {
                Ok(Self(Repr::Fraction(fraction)))
            } else {
                Err(NumberError::LosesDigits)
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Natural(natural) => natural.fmt(f),
            Repr::Negative(negative) => negative.fmt(f),
            Repr::Fraction(fraction) => f.write_str(&ecmascript(fraction)),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("number")
    }
}

/// An exact decimal value: ±`digits` × 10^`exponent`, without zeros at either end of the digits; zero has none.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads JSON's number grammar (RFC 8259, section 6). An exponent beyond i64 saturates: it is beyond every number.
    fn read(text: &str) -> Option<Self> {
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        if !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let leading = all.trim_start_matches('0');
        let digits = leading.trim_end_matches('0');
        let trailing = leading.len().saturating_sub(digits.len());
        let exponent = exponent.saturating_sub(places(fraction.len())).saturating_add(places(trailing));
        Some(Self { negative, digits: digits.to_owned(), exponent })
    }

    /// The shortest decimal that reads back as the finite f64; of several the closest; of two as close the even one.
    ///
    /// Rust's `{:e}` is the shortest and closest, but goes up where two are as close; RFC 8785 (ECMAScript) asks for
    /// the even one.
    fn shortest(value: f64) -> Option<Self> {
        let up = Self::read(&format!("{value:e}"))?;
        let last =
            up.digits.chars().last().and_then(|digit| digit.to_digit(10)).filter(|digit| digit % 2 == 1);
        let (Some(last), Some(head)) = (last, up.digits.get(..up.digits.len().saturating_sub(1))) else {
            return Some(up);
        };
        let even = last.saturating_sub(1);
        let sign = if up.negative { "-" } else { "" };
        let down = format!("{sign}{head}{even}e{}", up.exponent);
        if down.parse::<f64>() != Ok(value) {
            return Some(up);
        }
        let middle = Self::read(&format!("{sign}{head}{even}5e{}", up.exponent.saturating_sub(1)));
        let exact = Self::read(&format!("{value:.FRACTION_PLACES_MAX$}"));
        if middle == exact { Self::read(&down) } else { Some(up) }
    }

    /// The integer, if it is one of 64 bits.
    fn integer(&self) -> Option<Number> {
        let zeros = usize::try_from(self.exponent).ok()?;
        if self.digits.len().saturating_add(zeros) > INTEGER_DIGITS_MAX {
            return None;
        }
        let magnitude: i128 = format!("{}{}", self.digits, "0".repeat(zeros)).parse().ok()?;
        let value = if self.negative { magnitude.checked_neg()? } else { magnitude };
        u64::try_from(value).map(Number::from).or_else(|_| i64::try_from(value).map(Number::from)).ok()
    }
}

/// The exponent's digits behind `e`, with an optional sign.
fn read_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude: i64 = digits.parse().unwrap_or(i64::MAX);
    Some(if negative { magnitude.saturating_neg() } else { magnitude })
}

fn places(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A finite f64 as ECMAScript's `Number::toString` writes it, which is what RFC 8785 (3.2.2.3) asks for.
///
/// The digits are those of [`Decimal::shortest`]; the layout is ECMAScript's.
fn ecmascript(value: f64) -> String {
    let Some(Decimal { negative, digits, exponent }) = Decimal::shortest(value) else {
        return format!("{value:e}");
    };
    if digits.is_empty() {
        return "0".to_owned();
    }
    // The value is 0.DIGITS × 10^point.
    let point = exponent.saturating_add(places(digits.len()));
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
    let (before, after) =
        digits.split_at_checked(usize::try_from(point).unwrap_or_default()).unwrap_or(("", ""));
    let text = if exponent >= 0 && point <= PLAIN_PLACES_MAX {
        format!("{digits}{}", zeros(exponent))
    } else if 0 < point && point <= PLAIN_PLACES_MAX {
        format!("{before}.{after}")
    } else if (-PLAIN_ZEROS_MAX..=0).contains(&point) {
        format!("0.{}{digits}", zeros(point.saturating_neg()))
    } else {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
        let dot = if rest.is_empty() { "" } else { "." };
        let power = point.saturating_sub(1);
        format!("{first}{dot}{rest}e{}{}", if power < 0 { '-' } else { '+' }, power.unsigned_abs())
    };
    if negative { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The finite samples of RFC 8785, appendix B.
    const RFC_8785: [(u64, &str); 26] = [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        (0x3ff0_0000_0000_0001, "1.0000000000000002"),
        (0x3fb9_9999_9999_999a, "0.1"),
    ];

    #[test]
    fn layout_is_that_of_rfc_8785() {
        for (bits, expected) in RFC_8785 {
            assert_eq!(ecmascript(f64::from_bits(bits)), expected, "{bits:016x}");
        }
        for text in ["-0.0000036732", "0.00001", "1.5e-7", "-1e-7", "123456.789"] {
            assert_eq!(ecmascript(text.parse().unwrap()), text);
        }
    }

    #[test]
    fn an_integer_is_that_integer_however_it_is_written() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e999999999999999999999", "0"),
            ("1.0", "1"),
            ("1e2", "100"),
            ("1E+2", "100"),
            ("12.50e1", "125"),
            ("-1200e-2", "-12"),
            ("1.8446744073709551615e19", "18446744073709551615"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("9007199254740993", "9007199254740993"),
        ] {
            let number: Number = text.parse().unwrap();
            assert!(number.is_integer(), "{text}");
            assert_eq!(number.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn an_integer_outside_64_bits_is_refused_however_it_is_written() {
        for text in [
            "18446744073709551616",
            "-9223372036854775809",
            "1e20",
            "1.0e400",
            "-1e99999999999999999999",
            "123456789012345678901234567890",
        ] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::IntegerTooLarge), "{text}");
        }
    }

    #[test]
    fn a_number_that_would_lose_digits_is_refused() {
        for text in [
            "0.1000000000000000055511151231257827",
            "9007199254740992.5",
            "1e-400",
            "4.9e-324",
            "0.12345678901234567",
        ] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::LosesDigits), "{text}");
        }
        for (text, expected) in [("0.10", "0.1"), ("15e-1", "1.5"), ("5E-324", "5e-324"), ("-0.25", "-0.25")]
        {
            assert_eq!(text.parse::<Number>().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn only_json_writes_numbers() {
        for text in [
            "", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1e1.5", "0x10", "NaN", "Infinity", "-inf",
            " 1", "1 ", "1_000", "١", "--1", "1e--1", "1.-5", "1.e5",
        ] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::Syntax), "{text}");
        }
        assert_eq!(Number::from_f64(f64::NAN), Err(NumberError::Syntax));
        assert_eq!(Number::from_f64(2.0), Ok(Number::from(2_u64)));
        assert_eq!(Number::from_f64(-0.0), Ok(Number::from(0_u64)));
        assert_eq!(Number::from_f64(1e300), Err(NumberError::IntegerTooLarge));
    }

    #[test]
    fn accessors_tell_integers_from_fractions() {
        let half = Number::from_f64(0.5).unwrap();
        assert_eq!((half.as_u64(), half.as_i64(), half.as_fraction()), (None, None, Some(0.5)));
        let below = Number::from(-1_i64);
        assert_eq!((below.as_u64(), below.as_i64(), below.as_fraction()), (None, Some(-1), None));
        let large = Number::from(u64::MAX);
        assert_eq!((large.as_u64(), large.as_i64()), (Some(u64::MAX), None));
    }
}

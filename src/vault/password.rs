//! Passwords and their Argon2id verifiers.

use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use icu_normalizer::ComposingNormalizer;
use thiserror::Error;
use zeroize::Zeroizing;

/// Shortest new password, in Unicode scalar values.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Longest new password, in Unicode scalar values.
pub const PASSWORD_CHARS_MAX: usize = 1_024;
/// Memory of one verification, KiB: 19 MiB, with the two below the first choice of OWASP's password storage page.
pub const ARGON2_MEMORY_KIB: u32 = 19 * 1_024;
/// Passes over that memory.
pub const ARGON2_PASSES: u32 = 2;
/// Lanes computed side by side.
pub const ARGON2_LANES: u32 = 1;
/// Size of a verifier's salt, bytes.
const SALT_BYTES: usize = 16;
/// Size of a verifier's hash, bytes.
const HASH_BYTES: usize = 32;

/// A password as somebody gave it, in NFC (as RFC 8265 asks). Wiped when dropped; no output shows it.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a new password is refused; the API's 31203.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a new password must have {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters")]
    Length,
}

/// Why a verifier could not be made or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum VerifierError {
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes for a password's salt")]
    Random,
    /// The text is no verifier of the parameters in use.
    #[error("the stored password verifier is not of the form in use")]
    Malformed,
    /// Argon2 failed, as when there is no memory.
    #[error("the password could not be hashed; is there enough memory?")]
    Hashing,
}

impl Password {
    /// What was given to sign in with; anything may be wrong with it.
    #[must_use]
    pub fn given(text: &str) -> Self {
        Self(Zeroizing::new(ComposingNormalizer::new_nfc().normalize(text).into_owned()))
    }

    /// A password that an account is to have from now on.
    ///
    /// # Errors
    /// When it is shorter than 8 or longer than 1,024 characters.
    pub fn chosen(text: &str) -> Result<Self, PasswordError> {
        let password = Self::given(text);
        if (PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&password.0.chars().count()) {
            Ok(password)
        } else {
            Err(PasswordError::Length)
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What tells a right password from a wrong one: an Argon2id hash in PHC string form.
#[derive(Clone)]
pub struct Verifier(Zeroizing<String>);

impl Verifier {
    /// Makes the verifier of a password, with a fresh salt. Takes tens of milliseconds and 19 MiB.
    ///
    /// # Errors
    /// When there are no random bytes, or no memory.
    pub fn of(password: &Password) -> Result<Self, VerifierError> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|_| VerifierError::Random)?;
        let hash = argon2()?
            .hash_password_with_salt(password.0.as_bytes(), &salt)
            .map_err(|_| VerifierError::Hashing)?;
        Ok(Self(Zeroizing::new(hash.to_string())))
    }

    /// Reads a stored verifier. Only the parameters in use are accepted, since others would take another time,
    /// which would tell whether a name exists.
    ///
    /// # Errors
    /// When it is not an Argon2id hash with these parameters.
    pub fn parse(text: &str) -> Result<Self, VerifierError> {
        let hash = PasswordHash::new(text).map_err(|_| VerifierError::Malformed)?;
        let params = Params::try_from(&hash).map_err(|_| VerifierError::Malformed)?;
        let in_use = (ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES);
        let as_expected = hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && (params.m_cost(), params.t_cost(), params.p_cost()) == in_use
            && hash.salt.is_some_and(|salt| salt.len() == SALT_BYTES)
            && hash.hash.is_some_and(|output| output.len() == HASH_BYTES);
        if as_expected { Ok(Self(Zeroizing::new(text.to_owned()))) } else { Err(VerifierError::Malformed) }
    }

    /// Whether the password is the right one. Takes tens of milliseconds and 19 MiB.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn verify(&self, password: &Password) -> Result<bool, VerifierError> {
        let hash = PasswordHash::new(&self.0).map_err(|_| VerifierError::Malformed)?;
        match argon2()?.verify_password(password.0.as_bytes(), &hash) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(_) => Err(VerifierError::Hashing),
        }
    }

    /// The PHC string, for the sealed file only.
    pub(super) fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

/// Does the work of [`Verifier::verify`] against a verifier that no password fits, so that the time taken does
/// not tell whether there is anything to verify against.
///
/// # Errors
/// When there is no memory.
pub fn dummy_verify(password: &Password) -> Result<(), VerifierError> {
    Verifier(Zeroizing::new(DUMMY.to_owned())).verify(password).map(|_| ())
}

/// A verifier of the parameters in use whose hash was chosen, not computed: 32 bytes of `0x55`.
const DUMMY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$VVVVVVVVVVVVVVVVVVVVVQ$VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU";

fn argon2() -> Result<Argon2<'static>, VerifierError> {
    let params = Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, Some(HASH_BYTES))
        .map_err(|_| VerifierError::Hashing)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits_its_verifier() {
        let verifier = Verifier::of(&Password::given("demo-admin")).unwrap();
        assert!(verifier.verify(&Password::given("demo-admin")).unwrap());
        for wrong in ["demo-Admin", "demo-admin ", "", "demo-admi"] {
            assert!(!verifier.verify(&Password::given(wrong)).unwrap(), "{wrong:?}");
        }
        let stored = Verifier::parse(verifier.as_phc()).unwrap();
        assert!(stored.verify(&Password::given("demo-admin")).unwrap());
    }

    #[test]
    fn equal_passwords_have_different_verifiers_with_the_decided_parameters() {
        let [a, b] = [(); 2].map(|()| Verifier::of(&Password::given("demo-admin")).unwrap());
        assert_ne!(a.as_phc(), b.as_phc());
        assert!(a.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", a.as_phc());
    }

    #[test]
    fn a_password_is_the_same_however_its_letters_are_composed() {
        let verifier = Verifier::of(&Password::given("caf\u{e9}-caf\u{e9}")).unwrap();
        assert!(verifier.verify(&Password::given("cafe\u{301}-cafe\u{301}")).unwrap());
    }

    #[test]
    fn new_passwords_have_8_to_1024_characters() {
        for (length, ok) in [(0, false), (7, false), (8, true), (1_024, true), (1_025, false)] {
            assert_eq!(Password::chosen(&"ß".repeat(length)).is_ok(), ok, "{length} characters");
        }
    }

    #[test]
    fn the_dummy_is_a_verifier_like_any_other_and_fits_nothing() {
        assert!(Verifier::parse(DUMMY).is_ok());
        assert!(!Verifier::parse(DUMMY).unwrap().verify(&Password::given("demo-admin")).unwrap());
        assert_eq!(dummy_verify(&Password::given("demo-admin")), Ok(()));
    }

    #[test]
    fn verifiers_of_other_parameters_are_refused() {
        for bad in [
            "",
            "demo-admin",
            &DUMMY.replace("argon2id", "argon2i"),
            &DUMMY.replace("v=19", "v=16"),
            &DUMMY.replace("m=19456", "m=19457"),
            &DUMMY.replace("t=2", "t=1"),
            &DUMMY.replace("p=1", "p=2"),
            DUMMY.rsplit_once('$').unwrap().0,
            DUMMY.strip_suffix("VVVU").unwrap(),
        ] {
            assert_eq!(Verifier::parse(bad).unwrap_err(), VerifierError::Malformed, "{bad}");
        }
    }

    #[test]
    fn debug_shows_neither_password_nor_verifier() {
        let password = Password::given("canary-password");
        let verifier = Verifier::parse(DUMMY).unwrap();
        assert_eq!(format!("{password:?} {verifier:?}"), "Password(..) Verifier(..)");
        assert!(!format!("{:?}", Password::chosen("canary").unwrap_err()).contains("canary"));
    }
}

//! `call --open`: the password fields of an answer are opened on the operator's machine.

use zeroize::Zeroizing;

use super::places::{self, Place, Replacement};
use super::seal::{CONTAINER, as_xml};
use crate::sessions::TransportKey;
use crate::transport::{self, PREFIX};

/// An answer with its password fields opened.
pub(super) struct Opened {
    /// The answer, all else byte for byte as it came.
    pub(super) body: Zeroizing<String>,
    /// Fields whose values look sealed and did not open: they stand as they came.
    pub(super) left: Vec<String>,
}

/// Opens what stands sealed in the `CRMConfiguration` of an answer. An answer that cannot be read stays as it is.
pub(super) fn opened(body: &str, key: &TransportKey) -> Opened {
    let (mut left, mut replacements) = (Vec::new(), Vec::<Replacement>::new());
    let is_sealed =
        |place: &Place| place.container.as_deref() == Some(CONTAINER) && place.text.starts_with(PREFIX);
    let places = places::properties(body, "Success").unwrap_or_default();
    for place in places.into_iter().filter(is_sealed) {
        match transport::open(key, &place.name, &place.text) {
            Ok(plain) => replacements.push((place.content, as_xml(plain.as_str()))),
            Err(_) => left.push(place.name),
        }
    }
    Opened { body: places::replaced(body, &replacements), left }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Plaintext;

    #[test]
    fn values_that_open_are_shown_and_all_else_stays_as_it_came() {
        let key = |byte| TransportKey::from_base64(&data_encoding::BASE64.encode(&[byte; 64])).unwrap();
        let sealed =
            |byte, field| transport::seal(&key(byte), field, &Plaintext::new("a <b>\r\n&").unwrap()).unwrap();
        let (own, of_another) = (sealed(1, "P"), sealed(2, "P"));
        let body = |value: &str| {
            format!(
                "<Response Result='Success'>\r\n<InvokeID>{own}</InvokeID><Success><Property Name='P'>{own}</Property>\
                 <Container Name='CRMConfiguration'><Property Name='a'>1</Property><Property Name='P'>{value}</Property>\
                 <Property Name='Q'>{own}</Property></Container><Container Name='CRMConfigurationCommon'>\
                 <Property Name='P'>{own}</Property></Container></Success></Response>"
            )
        };
        let Opened { body: shown, left } = opened(&body(&own), &key(1));
        assert_eq!(*shown, body("a &lt;b&gt;&#13;\n&amp;"));
        assert_eq!(left, ["Q"], "sealed for another field");
        let Opened { body: shown, left } = opened(&body(&of_another), &key(1));
        assert_eq!(*shown, body(&of_another));
        assert_eq!(left, ["P", "Q"]);
        assert_eq!(*opened("<html>", &key(1)).body, "<html>");
    }
}

//! `Form`: how the texts are written that are settings.

/// The form of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The name of a DynamoDB table, or its ARN.
    TableName,
    /// The name of an AWS region.
    Region,
    /// An address of a service: `http` or `https`, host and port.
    Url,
}

impl Form {
    /// What is expected, for an error.
    pub(super) const fn expectation(self) -> &'static str {
        match self {
            Self::TableName => "the name of a DynamoDB table (letters, digits and _ - .), or its ARN",
            Self::Region => "the name of an AWS region, such as eu-central-1",
            Self::Url => {
                "the address of a service, such as http://127.0.0.1:8000, without user name, path or query"
            }
        }
    }

    /// Something of the form.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::TableName => "crmconf-templates",
            Self::Region => "eu-central-1",
            Self::Url => "http://127.0.0.1:8000",
        }
    }

    /// Whether a text has it.
    pub(super) fn allows(self, text: &str) -> bool {
        let of = |text: &str, others: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
        };
        match self {
            Self::TableName => of(text, "_-.") || (text.starts_with("arn:") && of(text, "_-.:/")),
            Self::Region => of(text, "-"),
            Self::Url => {
                let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
                rest.is_some_and(|host| of(host.strip_suffix('/').unwrap_or(host), "-._:[]"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_its_form_or_is_refused() {
        let cases: [(Form, &[&str], &[&str]); 3] = [
            (
                Form::TableName,
                &["crmconf-templates", "a.b_c-1", "arn:aws:dynamodb:eu-central-1:123456789012:table/crmconf"],
                &["", "a b", "table/crmconf", "http://x", "ä"],
            ),
            (Form::Region, &["eu-central-1", "local"], &["", "eu central", "eu_central_1", "https://x"]),
            (
                Form::Url,
                &[
                    "http://127.0.0.1:8000",
                    "https://dynamodb.eu-central-1.amazonaws.com/",
                    "http://[::1]:8000",
                ],
                &[
                    "",
                    "http://",
                    "127.0.0.1:8000",
                    "ftp://x",
                    "http://a:b@c",
                    "http://a/b",
                    "http://a?b",
                    "HTTP://a",
                ],
            ),
        ];
        for (form, good, bad) in cases {
            assert!(form.allows(form.example()), "{form:?}");
            good.iter().for_each(|text| assert!(form.allows(text), "{text}"));
            bad.iter().for_each(|text| assert!(!form.allows(text), "{text}"));
        }
    }
}

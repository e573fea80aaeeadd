//! Selects deliveries: `type=invoice.paid,endpoint=/hooks`, or the query of a URL.

use percent_encoding::percent_decode_str;

use super::delivery::Delivery;
use crate::usage_error::UsageError;

/// Conditions that all hold for a selected delivery.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub(crate) struct Filter(Vec<(Field, String)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Type,
    Endpoint,
    Scheme,
    Verdict,
    Id,
    Status,
    Text,
}

impl Filter {
    /// Parses the filter of `--wait`.
    pub(crate) fn parse(text: &str) -> Result<Self, UsageError> {
        let conditions = text.split(',').map(|condition| {
            let (name, value) = condition.split_once('=')?;
            Some((Field::named(name.trim())?, value.trim().to_owned()))
        });
        let conditions = conditions.collect::<Option<Vec<_>>>().ok_or_else(|| {
            UsageError::new(format!(
                "`--wait` is not a filter: write conditions such as `type=invoice.paid`, separated \
                 by commas. The fields are {}",
                Field::ALL.map(Field::name).join(", ")
            ))
        })?;
        Self::of(conditions).map_err(|why| UsageError::new(format!("`--wait`: {why}")))
    }

    /// The conditions in the query of a URL.
    pub(crate) fn of_query(query: &str) -> Result<Self, String> {
        let mut conditions = Vec::new();
        for (name, value) in parameters(query) {
            match Field::named(&name) {
                Some(field) => conditions.push((field, value)),
                None if OTHER_PARAMETERS.contains(&name.as_str()) => {}
                None => {
                    return Err(format!(
                        "there is no such parameter: those of deliveries are {}; the others are {}",
                        Field::ALL.map(Field::name).join(", "),
                        OTHER_PARAMETERS.join(", ")
                    ));
                }
            }
        }
        Self::of(conditions)
    }

    /// An empty value is probably that of a variable that is not set. Every delivery would match if it
    /// were left out.
    fn of(conditions: Vec<(Field, String)>) -> Result<Self, String> {
        match conditions.iter().find(|(_, value)| value.is_empty()) {
            Some((field, _)) => Err(format!(
                "`{0}=` has no value: write what to wait for, such as `{0}={1}`, or leave it out",
                field.name(),
                field.example()
            )),
            None => Ok(Self(conditions)),
        }
    }

    /// The filter as the query of a URL.
    pub(crate) fn to_query(&self) -> String {
        let encode = |value: &str| {
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let pairs =
            self.0.iter().map(|(field, value)| format!("{}={}", field.name(), encode(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    pub(crate) fn admits(&self, delivery: &Delivery) -> bool {
        self.0.iter().all(|(field, value)| field.admits(delivery, value))
    }
}

impl Field {
    const ALL: [Self; 7] = [
        Self::Type,
        Self::Endpoint,
        Self::Scheme,
        Self::Verdict,
        Self::Id,
        Self::Status,
        Self::Text,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Endpoint => "endpoint",
            Self::Scheme => "scheme",
            Self::Verdict => "verdict",
            Self::Id => "id",
            Self::Status => "status",
            Self::Text => "text",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Type => "invoice.paid",
            Self::Endpoint => "/hooks",
            Self::Scheme => "stripe",
            Self::Verdict => "verified",
            Self::Id => "evt_1",
            Self::Status => "200",
            Self::Text => "invoice",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    fn admits(self, delivery: &Delivery, value: &str) -> bool {
        let event = delivery.event.as_ref();
        match self {
            Self::Type => delivery.kind() == Some(value),
            Self::Endpoint => delivery.endpoint == value,
            Self::Scheme => delivery.scheme == value,
            Self::Verdict => match value {
                "verified" => delivery.is_verified,
                "rejected" => !delivery.is_verified,
                code => delivery.code == code,
            },
            Self::Id => event.is_some_and(|event| event.id == value),
            Self::Status => delivery.status.to_string() == value,
            Self::Text => holds(delivery, value),
        }
    }
}

/// Whether a text of the delivery contains this one, in any case.
fn holds(delivery: &Delivery, text: &str) -> bool {
    let text = text.to_lowercase();
    let event = delivery.event.as_ref();
    let texts = [
        Some(&delivery.endpoint),
        Some(&delivery.scheme),
        Some(&delivery.code),
        event.map(|event| &event.id),
        event.and_then(|event| event.kind.as_ref()),
    ];
    texts.into_iter().flatten().any(|it| it.to_lowercase().contains(&text))
        || String::from_utf8_lossy(&delivery.request.body).to_lowercase().contains(&text)
}

/// The parameters of a query, decoded.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = (String, String)> {
    let decoded =
        |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    query.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// The parameters of a list that select no deliveries by their properties.
const OTHER_PARAMETERS: [&str; 3] = ["after", "limit", "wait"];

#[cfg(test)]
mod tests {
    use super::super::delivery::Event;
    use super::*;

    #[test]
    fn all_conditions_must_hold() {
        let kind = Some("invoice.paid".to_owned());
        let event = Some(Event { id: "evt_1".to_owned(), kind, ..Event::default() });
        let (endpoint, code) = ("/hooks".to_owned(), "handled".to_owned());
        let delivery = Delivery {
            is_verified: true,
            endpoint,
            code,
            status: 200,
            event,
            ..Delivery::default()
        };
        let admits = |text: &str| Filter::parse(text).unwrap().admits(&delivery);
        for text in ["type=invoice.paid", "type=invoice.paid, endpoint=/hooks", "text=PAID"] {
            assert!(admits(text), "{text}");
        }
        for text in ["type=invoice", "type=invoice.paid,status=500", "verdict=rejected", "id=evt"] {
            assert!(!admits(text), "{text}");
        }
        assert!(admits("verdict=verified") && admits("verdict=handled") && admits("id=evt_1"));
    }

    #[test]
    fn a_filter_survives_its_way_through_a_url() {
        let filter = Filter::parse("type=a b&c=d,text=ä%20").unwrap();
        assert_eq!(Filter::of_query(&filter.to_query()), Ok(filter));
        assert!(Filter::parse("typ=x").is_err() && Filter::parse("").is_err());
        assert_eq!(Filter::of_query("limit=3&wait=1&after=0"), Ok(Filter::default()));
    }

    #[test]
    fn a_condition_without_a_value_or_with_an_unknown_name_is_an_error() {
        for text in ["type=", "id= ", "type=a,id="] {
            let why = Filter::parse(text).unwrap_err().to_string();
            assert!(why.contains("has no value: write"), "{why}");
        }
        for query in ["limit=3&type=", "type", "typ=a"] {
            assert!(Filter::of_query(query).is_err(), "{query}");
        }
    }
}

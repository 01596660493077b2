//! Tables from anything that serde can write.

use super::format::{format_duration, format_number};
use super::table::Table;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// A table with a row for each value.
pub(super) fn table<T: Serialize>(
    values: impl IntoIterator<Item = T>,
) -> serde_json::Result<Table> {
    let mut records = Vec::new();
    for value in values {
        records.push(record(&value)?);
    }
    let mut header: Vec<&str> = Vec::new();
    for (name, _) in records.iter().flatten() {
        if !header.contains(&name.as_str()) {
            header.push(name);
        }
    }
    let mut table = Table::new(header.iter().copied());
    for record in &records {
        table.push(header.iter().map(|name| {
            let field = record.iter().find(|(known, _)| known == name);
            field.map(|(_, value)| words(value)).unwrap_or_default()
        }));
    }
    Ok(table)
}

/// The fields of a value with their names. serde_json's own maps forget in which order they came.
fn record(value: &impl Serialize) -> serde_json::Result<Vec<(String, Value)>> {
    let json = serde_json::to_string(value)?;
    if json.starts_with('{') {
        let Fields(fields) = serde_json::from_str(&json)?;
        return Ok(fields);
    }
    Ok(match serde_json::from_str(&json)? {
        Value::Array(values) => {
            let numbered = values.into_iter().enumerate();
            numbered
                .map(|(index, value)| (index.to_string(), value))
                .collect()
        }
        value => vec![("value".to_owned(), value)],
    })
}

struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// A value as a cell of the table has it.
fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(number) => format_number(number),
            None => number.to_string(),
        },
        Value::Object(_) => duration(value).map_or_else(|| value.to_string(), format_duration),
        Value::Bool(_) | Value::Array(_) => value.to_string(),
    }
}

/// serde writes a [`Duration`] as an object of two numbers.
fn duration(value: &Value) -> Option<Duration> {
    let fields = value.as_object().filter(|fields| fields.len() == 2)?;
    let (seconds, nanoseconds) = (fields.get("secs")?, fields.get("nanos")?);
    let nanoseconds = u32::try_from(nanoseconds.as_u64()?).ok()?;
    Some(Duration::new(seconds.as_u64()?, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(serde::Serialize)]
    struct Run {
        way: &'static str,
        took: Duration,
        share: f64,
        failed: Option<u8>,
    }

    #[test]
    fn fields_keep_their_order_and_durations_their_unit() {
        let run = |way, milliseconds, failed| Run {
            way,
            took: Duration::from_millis(milliseconds),
            share: 0.5,
            failed,
        };
        let table = table([run("slow", 20, None), run("quick", 5, Some(1))]).expect("JSON");
        let expected =
            "way       took  share  failed\nslow   20.0 ms  0.500\nquick  5.00 ms  0.500       1";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn values_without_fields_have_columns_too() {
        assert_eq!(table([1, 2]).expect("JSON").to_string(), "value\n1\n2");
        let pairs = table([("a", 1), ("b", 2)]).expect("JSON");
        assert_eq!(pairs.to_string(), "0  1\na  1\nb  2");
        let maps = [BTreeMap::from([("x", 1)]), BTreeMap::from([("y", 2)])];
        assert_eq!(table(maps).expect("JSON").to_string(), "x  y\n1\n   2");
        assert!(table([BTreeMap::from([((1, 2), 3)])]).is_err());
    }
}

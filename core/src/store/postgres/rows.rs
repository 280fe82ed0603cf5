//! Values on their way to and from the database.

use super::failure::Failure;
use crate::message::{Attribute, AttributeValue, MessageId, StoredMessage};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Value, json};
use std::error::Error as StdError;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// A message id as PostgreSQL's `uuid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uuid(pub MessageId);

impl ToSql for Uuid {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        out.put_slice(&self.0.0);
        Ok(IsNull::No)
    }

    fn accepts(wanted: &Type) -> bool {
        *wanted == Type::UUID
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Uuid {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(MessageId(raw.try_into()?)))
    }

    fn accepts(found: &Type) -> bool {
        *found == Type::UUID
    }
}

/// Message attributes as JSON, in their order; `None` for none.
pub fn print_attributes(attributes: &[Attribute]) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let each = |attribute: &Attribute| match &attribute.value {
        AttributeValue::Text(text) => json!([attribute.name, attribute.data_type, text]),
        AttributeValue::Binary(bytes) => {
            json!([
                attribute.name,
                attribute.data_type,
                STANDARD.encode(bytes),
                true
            ])
        }
    };
    Some(Value::Array(attributes.iter().map(each).collect()).to_string())
}

fn parse_attributes(text: Option<&str>) -> Result<Vec<Attribute>, Failure> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let wrong = || Failure::nonsense("message attributes");
    let Ok(Value::Array(values)) = serde_json::from_str(text) else {
        return Err(wrong());
    };
    values
        .iter()
        .map(|value| parse_attribute(value).ok_or_else(wrong))
        .collect()
}

fn parse_attribute(value: &Value) -> Option<Attribute> {
    let text = |at: usize| value.get(at).and_then(Value::as_str);
    let binary = value.get(3).is_some();
    Some(Attribute {
        name: text(0)?.into(),
        data_type: text(1)?.into(),
        value: match binary {
            true => AttributeValue::Binary(STANDARD.decode(text(2)?).ok()?.into()),
            false => AttributeValue::Text(text(2)?.into()),
        },
    })
}

/// Reads a message from the columns that all functions name alike.
pub fn message(row: &Row) -> Result<StoredMessage, Failure> {
    let text = |name: &str| row.try_get::<_, Option<String>>(name);
    let time = |name: &str| row.try_get::<_, i64>(name).map(|ms| ms as u64);
    Ok(StoredMessage {
        id: row.try_get::<_, Uuid>("id")?.0,
        sequence: time("seq")?,
        body: Bytes::copy_from_slice(row.try_get("body")?),
        attributes: parse_attributes(row.try_get("attributes")?)?,
        trace_header: text("trace")?,
        group: text("grp")?,
        deduplication: text("dedup")?,
        sender: row.try_get("sender")?,
        sent_ms: time("sent_ms")?,
        receive_count: row.try_get::<_, i32>("receive_count")? as u32,
        first_receive_ms: row
            .try_get::<_, Option<i64>>("first_ms")?
            .map(|ms| ms as u64),
        dead_letter_source: text("source")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_keep_order_kind_and_every_character() {
        let attributes = vec![
            Attribute::text("b", "x\0\"y"),
            Attribute {
                name: "a".into(),
                data_type: "Binary.png".into(),
                value: AttributeValue::Binary(Bytes::from_static(b"\0\xff")),
            },
        ];
        let text = print_attributes(&attributes).unwrap();
        assert!(!text.contains('\0'), "text columns hold no NUL");
        assert_eq!(parse_attributes(Some(&text)).unwrap(), attributes);
        assert_eq!(print_attributes(&[]), None);
        assert!(parse_attributes(Some("[[1]]")).is_err());
    }
}

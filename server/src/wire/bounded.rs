//! Lists and maps of JSON requests, bounded while they are read: `{}` is two bytes of a body and
//! hundreds in memory, so that a list of nothing else would be a bomb.

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Elements of one list or map. SQS's own limits are far below, and name themselves.
const ELEMENTS_MAX: usize = 1_000;
/// Attributes of one message, of which a request can have many.
pub const MESSAGE_ATTRIBUTES_MAX: usize = 100;

/// Reads a list; `null` is none.
pub fn list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<List<T>>::deserialize(deserializer)?.map(|list| list.0))
}

/// Reads a map of texts; `null` is none.
pub fn map<'de, D>(deserializer: D) -> Result<Option<BTreeMap<String, String>>, D::Error>
where
    D: Deserializer<'de>,
{
    let pairs = Option::<Pairs<String, ELEMENTS_MAX>>::deserialize(deserializer)?;
    Ok(pairs.map(|pairs| pairs.0.into_iter().collect()))
}

struct List<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            check(list.len(), ELEMENTS_MAX)?;
            list.push(element);
        }
        Ok(List(list))
    }
}

/// The pairs of a map in the order sent, at most `MAX` of them. A name that is given twice stays
/// twice.
pub struct Pairs<V, const MAX: usize>(pub Vec<(String, V)>);

impl<'de, V: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Pairs<V, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<V, const MAX: usize>(PhantomData<V>);

impl<'de, V: Deserialize<'de>, const MAX: usize> Visitor<'de> for PairsVisitor<V, MAX> {
    type Value = Pairs<V, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = entries.next_entry()? {
            check(pairs.len(), MAX)?;
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

fn check<E: Error>(length: usize, max: usize) -> Result<(), E> {
    match length < max {
        true => Ok(()),
        false => Err(E::custom(format!("more than {max} elements"))),
    }
}

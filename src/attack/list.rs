//! The list of attacks, and what is generated from it.

use super::description::{Description, Method, Needs, Seeks};
use super::victim::Network;
use super::{query, white, worst_case};
use crate::error::{Error, Result};
use serde::{Deserialize, Deserializer};
use std::fmt::Write as _;
use std::str::FromStr;

/// Attacks that are neither one of `white/` nor of `query/`, or that come after both.
const LAST: &[&Description] = &[&white::UNIVERSAL, &worst_case::DESCRIPTION];

impl Method {
    /// Every attack, in the order of menus.
    pub fn all() -> impl Iterator<Item = Self> {
        let lists = [white::LIST, query::LIST, LAST];
        lists.into_iter().flatten().map(|d| Self(d))
    }

    /// The attack for a model that no gradient passes, where none was chosen.
    pub fn without_gradient() -> Self {
        Self(&query::SQUARE)
    }

    /// Can it attack this model?
    ///
    /// # Errors
    /// It needs gradients, and none passes: the operators and nodes in the way are named.
    pub fn runs_on(self, network: &Network) -> Result<()> {
        match network.blocked() {
            Some(why) if self.needs_gradient() => Err(Error::model(
                network.path(),
                format!("cannot be attacked by {}: {why}", self.title()),
                choose_queries(),
            )),
            _ => Ok(()),
        }
    }
}

impl Default for Method {
    fn default() -> Self {
        Self(&white::PGD)
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::all().find(|m| m.name() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            Error::request(
                format!("there is no attack {text:?}"),
                format!("Choose one of {}.", names.join(", ")),
            )
        })
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

/// The titles of the attacks that are led by forward runs alone, before the last one `last` ("or").
pub fn by_queries(last: &str) -> String {
    let mut titles: Vec<&str> = Method::all()
        .filter(|m| m.is_by_queries())
        .map(Method::title)
        .collect();
    let end = titles.pop().unwrap_or_default();
    format!("{} {last} {end}", titles.join(", "))
}

/// The remedy where a model has no gradient.
pub(super) fn choose_queries() -> String {
    format!("Choose an attack by queries: {}.", by_queries("or"))
}

/// The attacks as a table in Markdown, as the guide has it.
pub fn table() -> String {
    let mut text = String::from(
        "| Attack | | Needs | Finds | Steps | Cost of a step | Source |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for method in Method::all() {
        let d = method.description();
        let needs = match d.needs {
            Needs::Gradient => "gradients",
            Needs::GradientIfAny => "gradients, if there are any",
            Needs::Scores => "scores",
            Needs::Decisions => "decisions",
            Needs::Nothing => "nothing",
        };
        let finds = match d.seeks {
            Seeks::Strongest | Seeks::First => "at the radius",
            Seeks::Smallest => "smallest",
            Seeks::Shared => "one for all, at the radius",
        };
        let cost = d
            .cost
            .map_or_else(|| "its parts'".into(), |c| c.to_string());
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {needs} | {finds} | {} | {cost} | {} |",
            d.name,
            d.about,
            d.unit.count(d.steps),
            d.source
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_attack_is_found_by_its_name() {
        let mut names = HashSet::new();
        for method in Method::all() {
            assert!(names.insert(method.name()), "{method:?} comes twice");
            assert_eq!(method.name().parse::<Method>().unwrap(), method);
            let json = serde_json::to_value(method).unwrap();
            assert_eq!(json, method.name());
            assert_eq!(serde_json::from_value::<Method>(json).unwrap(), method);
            assert!(method.about().ends_with('.'), "{method:?}");
        }
        assert!("square-attack".parse::<Method>().is_err());
        assert_eq!(Method::default().name(), "pgd");
    }

    #[test]
    fn attacks_by_queries_are_named() {
        let names = by_queries("or");
        assert_eq!(names, "Square, NES, SPSA, SimBA-DCT or HopSkipJump");
        assert!(Method::without_gradient().is_by_queries());
    }
}

//! Which versions and attributes of each operator a gradient is known for, and the refusal of all others by name.
//!
//! An attribute that a rule does not read changes what the operator makes, and the gradient without a word. So whatever
//! a node on the way sets has to stand in the table, which is tested against the schemas of ONNX and ONNX Runtime.

mod table;

use super::{lower, rules};
use crate::onnx::node::{Attributes, full_name, is_default};
use crate::onnx::proto::{AttributeProto, NodeProto};
use crate::onnx::{Graph, Tensor};

/// The newest version of the default operator set that the table was checked against.
pub const NEWEST_OPSET: i64 = 28;

/// The values of an attribute that are handled. A default is always one: exporters write it out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Only {
    /// These integers.
    Ints(&'static [i64]),
    /// This number.
    Float(f32),
    /// These texts; an empty one says nothing.
    Texts(&'static [&'static str]),
}

impl Only {
    fn holds(self, attribute: &AttributeProto) -> bool {
        match self {
            Self::Ints(values) => values.contains(&attribute.i),
            Self::Float(value) => attribute.f == value,
            Self::Texts(values) => {
                attribute.s.is_empty() || values.iter().any(|v| v.as_bytes() == attribute.s)
            }
        }
    }

    /// The value of `attribute` in words.
    fn said(self, attribute: &AttributeProto) -> String {
        match self {
            Self::Ints(_) => attribute.i.to_string(),
            Self::Float(_) => attribute.f.to_string(),
            Self::Texts(_) => String::from_utf8_lossy(&attribute.s).into_owned(),
        }
    }

    /// All values in words.
    fn listed(self) -> String {
        match self {
            Self::Ints(values) => joined(values),
            Self::Float(value) => value.to_string(),
            Self::Texts(values) => values.join(", "),
        }
    }
}

/// What is known of an operator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// Its name, with its domain where that is not the default one.
    pub op: &'static str,
    /// Its versions that are known, by the operator sets that brought them, ascending. They begin with the one of
    /// operator set 7, from which on graphs are read.
    pub versions: &'static [i64],
    /// Its versions that are not known, of those up to [`NEWEST_OPSET`].
    pub refused: &'static [i64],
    /// Its attributes that are handled at any value, and those that the gradient does not depend on.
    pub attributes: &'static [&'static str],
    /// Its attributes that are handled at some values only.
    pub only: &'static [(&'static str, Only)],
}

impl Known {
    /// Why `node`, which is this operator in version `opset` of its operator set, is not known.
    pub fn refuses(&self, node: &NodeProto, opset: i64) -> Option<String> {
        // Patterns are gathered into operators that may be newer than the graph: those have no version in force.
        let all = self.versions.iter().chain(self.refused).copied();
        let in_force = all.filter(|&v| v <= opset).max();
        if let Some(version) = in_force.filter(|v| self.refused.contains(v)) {
            let last = self.versions.last().copied().unwrap_or(0);
            return Some(format!(
                "version {version} of it is not known, up to {last} is"
            ));
        }
        node.attribute
            .iter()
            .find_map(|a| self.refuses_attribute(a))
    }

    fn refuses_attribute(&self, attribute: &AttributeProto) -> Option<String> {
        let name = attribute.name.as_str();
        if self.attributes.contains(&name) {
            return None;
        }
        match self.only.iter().find(|(n, _)| *n == name) {
            Some((_, only)) if only.holds(attribute) => None,
            Some((_, only)) => Some(format!(
                "its attribute {name} = {} is not handled",
                only.said(attribute)
            )),
            None => Some(format!("its attribute {name} is not known to the rule")),
        }
    }

    /// Its line of the documentation.
    fn line(&self, lowered: bool) -> String {
        let plain = self.attributes.iter().map(|name| format!("`{name}`"));
        let some = self.only.iter();
        let some = some.map(|(name, only)| format!("`{name}` ({})", only.listed()));
        let mut attributes: Vec<String> = plain.chain(some).collect();
        attributes.sort_unstable();
        let (domain, op) = self.op.rsplit_once('.').unwrap_or(("", self.op));
        let node = NodeProto {
            op_type: op.into(),
            domain: domain.into(),
            ..NodeProto::default()
        };
        let how = if rules::is_straight_through(&node) {
            "straight through"
        } else {
            "exact"
        };
        format!(
            "| {} | {} | {} | {how}{} |",
            self.op,
            joined(self.versions),
            attributes.join(", "),
            if lowered { ", lowered" } else { "" }
        )
    }
}

fn joined(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    numbers.join(", ")
}

/// The table, sorted by name.
pub fn known() -> &'static [Known] {
    table::TABLE
}

/// Why `node`, of version `opset` of its operator set, is not known; `None` where it is, and for operators that have no
/// gradient at all.
pub fn unknown(node: &NodeProto, opset: i64) -> Option<String> {
    let name = full_name(node);
    let at = known().binary_search_by(|k| k.op.cmp(&name)).ok()?;
    if is_default(&node.domain) && opset > NEWEST_OPSET {
        return Some(format!(
            "it is not known: operator set {opset} is newer than {NEWEST_OPSET}"
        ));
    }
    known()[at].refuses(node, opset)
}

/// Why `node` of `graph` is not known: see [`unknown`].
pub(super) fn refusal(graph: &Graph, node: &NodeProto) -> Option<String> {
    let opset = if is_default(&node.domain) {
        graph.opset
    } else {
        graph.domains.get(&node.domain).copied().unwrap_or(1)
    };
    unknown(node, opset).or_else(|| refused_angles(graph, node))
}

/// Why the table of angles that `node` reads is not as wide as its lowering takes it to be.
fn refused_angles(graph: &Graph, node: &NodeProto) -> Option<String> {
    if full_name(node) != "com.microsoft.RotaryEmbedding" {
        return None;
    }
    let table = node.input.get(2)?;
    let constant = graph.constants.get(table).map(Tensor::shape);
    let bound = || graph.infos.get(table).map(|i| i.shape.as_slice());
    let pairs = *constant.or_else(bound)?.last()? as i64;
    let turned = node.int_or("rotary_embedding_dim", 0);
    (turned != 0 && turned != 2 * pairs).then(|| {
        format!("its attribute rotary_embedding_dim = {turned} is not handled with {pairs} angles")
    })
}

/// The page of the documentation that lists the table.
pub fn operators_markdown() -> String {
    let lowered = lower::names();
    let intro = format!(
        "The operators that a gradient passes, in models of operator sets 7 to {NEWEST_OPSET}: versions are those of \
         the operator set that brought them, in brackets are the only values of an attribute that are handled, and a \
         model with any other version, attribute or value on the way is refused by name. (`Upsample` and `Scatter` are \
         read as `Resize` and `ScatterElements`. An `If` is passed where its condition is known beforehand, `Loop` \
         and `Scan` where the number of their trips is, `Sign` where it only multiplies functions of the same value.)"
    );
    let head = [
        intro,
        String::new(),
        "| Operator | Versions | Attributes | Gradient |".into(),
        "| --- | --- | --- | --- |".into(),
    ];
    let lines = known().iter().map(|k| k.line(lowered.contains(&k.op)));
    let mut page = head.into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    page.push('\n');
    page
}

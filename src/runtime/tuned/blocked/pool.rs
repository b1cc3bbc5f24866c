//! Maxima over windows, and their gradient, on blocked values.

use super::super::layouts::NCHWC;
use super::super::operator::{DOMAIN, UNPOOL};
use super::super::units::{Known, Unit};
use super::super::windows::Windows;
use super::Moving;
use crate::onnx::node::{self, Attributes, is_default};
use crate::onnx::proto::{NodeProto, TensorProto};
use crate::onnx::{Elem, Tensor};
use std::collections::{HashMap, HashSet};

/// The maxima of a graph whose gradient is scattered to where each maximum was found.
#[derive(Default)]
pub struct Pools {
    /// By the name of the gradient: the node of the maxima, and the name of their cotangents.
    back: HashMap<String, (NodeProto, String)>,
    /// The maxima that nothing but such gradients asks for the places of.
    plain: HashSet<String>,
}

impl Pools {
    /// Finds them: zeros, into which `ScatterElements` puts the cotangents at the second output of `MaxPool`, all in a row.
    /// Only those that can be made on blocked values: the places are not made any more then, so that nothing else may ask for
    /// them, `outputs` included.
    pub fn of(
        units: &[Unit],
        weights: &HashMap<&str, &TensorProto>,
        known: &Known,
        outputs: &[String],
    ) -> Self {
        let mut makes: HashMap<&str, &NodeProto> = HashMap::new();
        let mut readers: HashMap<&str, usize> = HashMap::new();
        for name in outputs {
            readers.insert(name, 1);
        }
        for unit in units {
            for name in unit.reads() {
                *readers.entry(name).or_default() += 1;
            }
            if let Unit::Node(node) = unit {
                makes.extend(node.output.iter().map(|name| (name.as_str(), node)));
            }
        }
        let made_by = |name: &str, op: &str| {
            let node = makes.get(name).copied()?;
            (is_default(&node.domain) && node.op_type == op).then_some(node)
        };
        let reshaped = |name: &str| Some(made_by(name, "Reshape")?.input.first()?.as_str());
        let zeros = |name: &str| match weights.get(name) {
            Some(proto) => Tensor::from_proto(proto, None).is_ok_and(|tensor| {
                tensor
                    .to_floats()
                    .is_some_and(|v| v.iter().all(|x| *x == 0.0))
            }),
            None => made_by(name, "ConstantOfShape").is_some_and(|node| {
                let value = node.attribute.iter().find(|a| a.name == "value");
                let tensor = value.and_then(|a| Tensor::from_proto(a.t.as_ref()?, None).ok());
                value.is_none()
                    || tensor
                        .and_then(|tensor| Some(tensor.to_floats()?.first() == Some(&0.0)))
                        .unwrap_or(false)
            }),
        };
        let mut found = Self::default();
        for node in units.iter().filter_map(|unit| match unit {
            Unit::Node(node) if is_default(&node.domain) && node.op_type == "Reshape" => Some(node),
            _ => None,
        }) {
            let part = || {
                let scatter = made_by(node.input.first()?, "ScatterElements")?;
                let [base, places, values] = scatter.input.as_slice() else {
                    return None;
                };
                // Nothing else asks for them.
                let alone = |name: &str| readers.get(name) == Some(&1);
                let once = alone(places) && alone(&scatter.output[0]);
                let places = reshaped(places).filter(|_| once)?;
                let pool = made_by(places, "MaxPool")?;
                let values = reshaped(values)?;
                let [kernel, strides] = ["kernel_shape", "strides"].map(|name| pool.ints(name));
                // Of several values for one place the last stays, where none are added.
                let apart = kernel.zip(strides).is_some_and(|(kernel, strides)| {
                    kernel
                        .iter()
                        .zip(strides)
                        .all(|(kernel, stride)| kernel <= stride)
                });
                let adds = match scatter.text_or("reduction", "none") {
                    "add" => true,
                    "none" => apart,
                    _ => false,
                };
                let alike = |a: &str, b: &str| {
                    known
                        .layouts
                        .get(a)
                        .is_some_and(|a| known.layouts.get(b) == Some(a))
                };
                let fits = pool.output.get(1).is_some_and(|name| name == places)
                    && alone(places)
                    && scatter.int("axis").unwrap_or(0) == 0
                    && adds
                    && zeros(base)
                    && alike(&node.output[0], &pool.input[0])
                    && alike(values, &pool.output[0]);
                fits.then_some((pool, values))
            };
            if let Some((pool, values)) = part() {
                found.plain.insert(pool.output[0].clone());
                let value = (pool.clone(), values.to_owned());
                found.back.insert(node.output[0].clone(), value);
            }
        }
        found
    }
}

impl Moving<'_> {
    /// The maxima of a blocked value, without their places.
    pub fn pooled(&mut self, node: &NodeProto) -> Option<Vec<Unit>> {
        let (from, to) = (node.input.first()?, node.output.first()?);
        let fits = node.op_type == "MaxPool"
            && is_default(&node.domain)
            && (node.output.len() == 1 || self.pools.plain.contains(to))
            && self.is_blocked(from);
        if !fits {
            return None;
        }
        let sizes = self.windows(node)?;
        let layout = self.blocked(self.known.layouts.get(to)?)?;
        Windows::decode(&sizes.encode())?;
        let twin = self.twin(from)?;
        let output = format!("{to}/blocked");
        let pairs = [
            ("kernel_shape", sizes.kernel),
            ("strides", sizes.strides),
            ("dilations", [1, 1]),
        ];
        let mut attribute: Vec<_> = pairs
            .iter()
            .map(|(name, values)| node::ints(name, &values.map(|n| n as i64)))
            .collect();
        attribute.push(node::ints("pads", node.ints("pads").unwrap_or(&[0; 4])));
        let mut units = vec![Unit::Node(NodeProto {
            op_type: "MaxPool".into(),
            domain: NCHWC.into(),
            name: output.clone(),
            input: vec![twin],
            output: vec![output.clone()],
            attribute,
            ..NodeProto::default()
        })];
        self.known.insert(&output, layout, Elem::F32);
        units.extend(self.back(&output, to, Elem::F32));
        Some(units)
    }

    /// The gradient of maxima whose values are there blocked.
    pub fn unpooled(&mut self, node: &NodeProto) -> Option<Vec<Unit>> {
        let [to] = node.output.as_slice() else {
            return None;
        };
        let (pool, cotangent) = self.pools.back.get(to)?.clone();
        let (values, most) = (pool.input.first()?, pool.output.first()?);
        if !self.is_blocked(values) || !self.is_blocked(most) {
            return None;
        }
        let sizes = self.windows(&pool)?;
        Windows::decode(&sizes.encode())?;
        let rows = |name: &str| self.known.layouts.get(name);
        let (whole, part) = (self.blocked(rows(to)?)?, self.blocked(rows(most)?)?);
        let mut units = Vec::new();
        let from = match self.twin(&cotangent) {
            Some(twin) => twin,
            None => self.block(&cotangent, part, &mut units),
        };
        let output = format!("{to}/blocked");
        units.push(Unit::Node(NodeProto {
            op_type: UNPOOL.into(),
            domain: DOMAIN.into(),
            name: output.clone(),
            input: vec![self.twin(values)?, self.twin(most)?, from],
            output: vec![output.clone()],
            attribute: vec![node::ints("sizes", &sizes.encode())],
            ..NodeProto::default()
        }));
        self.known.insert(&output, whole, Elem::F32);
        units.extend(self.back(&output, to, Elem::F32));
        Some(units)
    }

    /// The windows of a maximum over rows and columns; `None` where its attributes ask for more.
    fn windows(&self, pool: &NodeProto) -> Option<Windows> {
        let plain = super::is_plain(pool)
            && pool.int("ceil_mode").unwrap_or(0) == 0
            && pool.int("storage_order").unwrap_or(0) == 0;
        let places = |name: &String| match *self.known.layouts.get(name)?.shape.as_slice() {
            [_, _, high, wide] => Some([high, wide]),
            _ => None,
        };
        let kernel = super::pair(pool, "kernel_shape", None)?;
        let pads = super::pair(pool, "pads", Some(0))?;
        // A window in the padding alone would have no maximum.
        let all = pool.ints("pads").unwrap_or_default();
        let mut all = all.iter().enumerate();
        let fits = all.all(|(n, pad)| kernel.get(n % 2).is_some_and(|size| *pad < *size as i64));
        (plain && fits).then_some(Windows {
            from: places(pool.output.first()?)?,
            to: places(pool.input.first()?)?,
            kernel,
            strides: super::pair(pool, "strides", Some(1))?,
            pads,
            lanes: self.lanes,
        })
    }
}

//! Operators of the engine that are swapped for others on blocked values.

use super::super::layouts::NCHWC;
use super::super::operator::{DOMAIN, SPREAD};
use super::super::units::{Layout, Unit};
use super::super::windows::Windows;
use super::Moving;
use crate::onnx::node::{self, Attributes, is_default};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Elem, Tensor};

/// Elementwise operators of one float32 input that no program has.
const CURVES: [&str; 4] = ["Log", "Elu", "Softplus", "Gelu"];

impl Moving<'_> {
    /// `node` on blocked values, where it is one of those that can be.
    pub fn swapped(&mut self, node: &NodeProto) -> Option<Vec<Unit>> {
        self.spread(node)
            .or_else(|| self.strided(node))
            .or_else(|| self.curve(node))
            .or_else(|| self.averaged(node))
            .or_else(|| self.joined(node))
            .or_else(|| self.parted(node))
            .or_else(|| self.pooled(node))
            .or_else(|| self.unpooled(node))
    }

    /// Such an operator on the blocked value.
    fn curve(&mut self, node: &NodeProto) -> Option<Vec<Unit>> {
        let ([from], [to]) = (node.input.as_slice(), node.output.as_slice()) else {
            return None;
        };
        if !is_default(&node.domain) || !CURVES.contains(&node.op_type.as_str()) {
            return None;
        }
        let rows = self.known.layouts.get(from)?;
        let layout = self.blocked(rows)?;
        // The logarithm of what only fills up the lanes is no number.
        if !self.is_blocked(from) || node.op_type == "Log" && layout.shape != rows.shape {
            return None;
        }
        let twin = self.twin(from)?;
        let output = format!("{to}/blocked");
        let moved = NodeProto {
            name: output.clone(),
            input: vec![twin],
            output: vec![output.clone()],
            ..node.clone()
        };
        self.known.insert(&output, layout, Elem::F32);
        let back = self.back(&output, to, Elem::F32)?;
        Some(vec![Unit::Node(moved), back])
    }

    /// The mean or the sum over each plane, of the blocked value.
    fn averaged(&mut self, node: &NodeProto) -> Option<Vec<Unit>> {
        let (from, [to]) = (node.input.first()?, node.output.as_slice()) else {
            return None;
        };
        let is_sum = match node.op_type.as_str() {
            "GlobalAveragePool" => false,
            "ReduceMean" if self.is_over_planes(node) => false,
            "ReduceSum" if self.is_over_planes(node) => true,
            _ => return None,
        };
        if !is_default(&node.domain) || !self.is_blocked(from) {
            return None;
        }
        let twin = self.twin(from)?;
        let &[rows, channels, high, wide] = self.known.layouts.get(&twin)?.shape.as_slice() else {
            return None;
        };
        self.known.layouts.get(to)?;
        let output = format!("{to}/blocked");
        let mean = if is_sum {
            format!("{to}/mean")
        } else {
            output.clone()
        };
        let mut units = vec![Unit::Node(NodeProto {
            op_type: "GlobalAveragePool".into(),
            domain: NCHWC.into(),
            name: mean.clone(),
            input: vec![twin],
            output: vec![mean.clone()],
            ..NodeProto::default()
        })];
        if is_sum {
            let count = format!("{to}/count");
            let number = Tensor::floats(&[], &[(high * wide) as f32]);
            self.made.push(number.to_proto(&count));
            units.push(Unit::Node(NodeProto {
                op_type: "Mul".into(),
                name: output.clone(),
                input: vec![mean, count],
                output: vec![output.clone()],
                ..NodeProto::default()
            }));
        }
        let layout = Layout {
            shape: vec![rows, channels, 1, 1],
            lanes: self.lanes,
        };
        self.known.insert(&output, layout, Elem::F32);
        units.extend(self.back(&output, to, Elem::F32));
        Some(units)
    }

    /// Does it reduce rows and columns, which stay as dimensions of 1?
    fn is_over_planes(&self, node: &NodeProto) -> bool {
        let given = node
            .input
            .get(1)
            .and_then(|name| self.weights.get(name.as_str()));
        let given = given.and_then(|proto| Tensor::from_proto(proto, None).ok()?.to_ints());
        let axes = given.or_else(|| node.ints("axes").map(<[i64]>::to_vec));
        let mut axes: Vec<i64> = axes
            .unwrap_or_default()
            .into_iter()
            .map(|axis| if axis < 0 { axis + 4 } else { axis })
            .collect();
        axes.sort_unstable();
        axes == [2, 3] && node.int("keepdims").unwrap_or(1) == 1
    }

    /// A depthwise convolution with a stride, taken back, by a kernel of our own.
    fn spread(&mut self, node: &NodeProto) -> Option<Vec<Unit>> {
        if node.op_type != "ConvTranspose" || !is_default(&node.domain) {
            return None;
        }
        let ([from, weights], [to]) = (node.input.as_slice(), node.output.as_slice()) else {
            return None;
        };
        let shape = |name: &String| Some(self.known.layouts.get(name)?.shape.clone());
        let (&[_, channels, high, wide], &[_, out, to_high, to_wide]) =
            (&*shape(from)?, &*shape(to)?)
        else {
            return None;
        };
        let weights = Tensor::from_proto(self.weights.get(weights.as_str())?, None).ok()?;
        let &[_, 1, kernel_high, kernel_wide] = weights.shape() else {
            return None;
        };
        let group = usize::try_from(node.int("group").unwrap_or(1)).ok()?;
        let plain = super::is_plain(node) && node.ints("output_shape").is_none();
        if !plain || group != channels || out != channels {
            return None;
        }
        let sizes = Windows {
            from: [high, wide],
            to: [to_high, to_wide],
            kernel: [kernel_high, kernel_wide],
            strides: super::pair(node, "strides", Some(1))?,
            pads: super::pair(node, "pads", Some(0))?,
            lanes: self.lanes,
        };
        Windows::decode(&sizes.encode())?;
        let name = format!("{to}/weights");
        let ordered = beside(&weights, self.lanes)?.to_proto(&name);
        let mut units = Vec::new();
        let of = |name: &String| self.blocked(self.known.layouts.get(name)?);
        let (whole, made) = (of(from)?, of(to)?);
        let twin = match self.twin(from) {
            Some(twin) => twin,
            None => self.block(from, whole, &mut units),
        };
        self.made.push(ordered);
        let output = format!("{to}/blocked");
        units.push(Unit::Node(NodeProto {
            op_type: SPREAD.into(),
            domain: DOMAIN.into(),
            name: output.clone(),
            input: vec![twin, name],
            output: vec![output.clone()],
            attribute: vec![node::ints("sizes", &sizes.encode())],
            ..NodeProto::default()
        }));
        self.known.insert(&output, made, Elem::F32);
        units.extend(self.back(&output, to, Elem::F32));
        Some(units)
    }
}

/// The weights of a depthwise convolution, `[channels, 1, high, wide]`, as `[channels / lanes, high * wide, lanes]`; zeros
/// fill up the lanes.
fn beside(weights: &Tensor, lanes: usize) -> Option<Tensor> {
    let values = weights.to_floats()?;
    let &[channels, _, high, wide] = weights.shape() else {
        return None;
    };
    let taps = high * wide;
    let mut ordered = Vec::new();
    let groups = channels.div_ceil(lanes);
    for group in 0..groups {
        for tap in 0..taps {
            let lane = |lane: usize| {
                let channel = group * lanes + lane;
                if channel < channels {
                    values[channel * taps + tap]
                } else {
                    0.0
                }
            };
            ordered.extend((0..lanes).map(lane));
        }
    }
    Some(Tensor::floats(&[groups, taps, lanes], &ordered))
}

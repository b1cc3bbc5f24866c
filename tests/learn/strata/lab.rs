//! The material of `labs/labB`.

use nearmiss::dataset::npy::{read_array, read_npy};
use nearmiss::learn::strata::{Factors, Form, LinearHeads, Pairs, factors};
use nearmiss::task::Task;
use serde_json::Value;
use std::path::PathBuf;

pub const COUNTS: [usize; 3] = [8, 16, 64];

pub fn material() -> PathBuf {
    PathBuf::from(
        std::env::var_os("NEARMISS_MATERIAL").expect("NEARMISS_MATERIAL names the folder"),
    )
}

pub fn lab(name: &str) -> PathBuf {
    material().join("labs/labB").join(name)
}

pub fn values(name: &str) -> Vec<f32> {
    read_array(&lab(name)).unwrap().0
}

pub fn labels(name: &str) -> Vec<u32> {
    values(name).iter().map(|&v| v as u32).collect()
}

pub fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(lab("expected.json")).unwrap()).unwrap()
}

pub fn float(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

pub struct Lab {
    pub images: Vec<f32>,
    pub texts: Vec<f32>,
    pub owners: Vec<u32>,
}

impl Lab {
    pub fn new() -> Self {
        let rows = |name: &str| {
            read_npy(&material().join("encoders/flickr8k-cca").join(name))
                .unwrap()
                .0
        };
        let mut images = rows("reference_image_embeds.npy");
        let mut texts = rows("reference_text_embeds.npy");
        images.truncate(800 * 256);
        texts.truncate(4_000 * 256);
        Self {
            images,
            texts,
            owners: (0..4_000).map(|n| n / 5).collect(),
        }
    }

    /// At the heads of `name`: "WI0" and "WT0", or what stands before "_WI".
    pub fn factors(&self, state: &str) -> Factors {
        let names = match state {
            "initial" => ["WI0.npy", "WT0.npy"],
            _ => ["final_adam_mh_WI.npy", "final_adam_mh_WT.npy"],
        };
        let [image, text] = names.map(|name| {
            let (values, ..) = read_npy(&material().join("labs/labA").join(name)).unwrap();
            values.iter().map(|&v| f64::from(v)).collect()
        });
        let heads = LinearHeads {
            image,
            text,
            inputs: 256,
            outputs: 64,
            bias: false,
        };
        let pairs = Pairs {
            images: &self.images,
            texts: &self.texts,
            owners: &self.owners,
            confirmed: &[],
        };
        factors(&heads, &pairs, 0.2, &Task::detached()).unwrap()
    }
}

pub fn form_name(form: Form) -> &'static str {
    match form {
        Form::Signal => "signal",
        Form::Exact => "exact",
    }
}

/// Relative difference.
pub fn off(ours: f64, theirs: f64) -> f64 {
    (ours - theirs).abs() / theirs.abs().max(1e-300)
}

pub fn largest(ours: &[f64], theirs: &[f32]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let all = ours.iter().zip(theirs);
    all.fold(0.0, |m: f64, (a, &b)| m.max((a - f64::from(b)).abs()))
}

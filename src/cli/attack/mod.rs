//! `nearmiss attack`: how little it takes, without a window. It attacks local files only.

mod aim;
mod caption;
mod classifier;
mod pairs;
mod tables;

pub(super) use aim::AimArgs;
pub(super) use tables::describe;

use super::common::positive;
use crate::attack::{AttackSettings, Loss, Mask, Method, Norm, Parameter, Region, Threat};
use crate::compute::Band;
use crate::error::{Error, Result};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::str::FromStr;

/// Arguments of `attack`.
#[derive(Debug, Args)]
pub struct Attack {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Pictures of a captioned set, against a dual encoder: clean and robust recall
    Pairs(Box<pairs::Pairs>),
    /// Rows of any ONNX classifier, each inside its own box
    Classifier(Box<classifier::Classifier>),
    /// A caption, by exchanging one or two words
    Caption(Box<caption::Caption>),
}

impl Attack {
    /// Runs the command.
    pub fn run(self, json: bool) -> Result<()> {
        match self.what {
            What::Pairs(arguments) => arguments.run(json),
            What::Classifier(arguments) => arguments.run(json),
            What::Caption(arguments) => arguments.run(json),
        }
    }
}

/// Which attack, and how hard it tries.
#[derive(Debug, Args)]
pub struct MethodArgs {
    /// The attack
    #[arg(
        long,
        value_name = "NAME",
        required = true,
        value_parser = one_of::<Method>(Method::all().map(|m| (m.name(), m.about())))
    )]
    attack: Option<Method>,
    /// The loss that gradient attacks maximise
    #[arg(
        long,
        value_name = "NAME",
        default_value = "margin",
        value_parser = one_of::<Loss>(Loss::ALL.map(|l| (l.name(), l.about())))
    )]
    loss: Loss,
    /// Steps or queries, as the attack counts them (default: the attack's own)
    #[arg(long, value_name = "N", value_parser = positive)]
    steps: Option<usize>,
    /// Size of a step as a share of epsilon (default: the attack's own)
    #[arg(long, value_name = "SHARE", value_parser = share)]
    step: Option<f32>,
    /// Independent starts
    #[arg(long, value_name = "N", default_value = "1", value_parser = positive)]
    restarts: usize,
    /// Go on to the last step though the goal is reached: the strongest perturbation, rather than the first that does
    #[arg(long)]
    full: bool,
    /// How far cw overshoots the goal, in the units of the scores (default: 0)
    #[arg(long, value_name = "MARGIN", value_parser = fraction)]
    kappa: Option<f32>,
}

/// Where random numbers begin.
#[derive(Debug, Args)]
struct SeedArgs {
    /// Seed of every random number
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

impl MethodArgs {
    /// The attack.
    ///
    /// # Errors
    /// None was named.
    fn method(&self) -> Result<Method> {
        self.attack.ok_or_else(|| {
            Error::request(
                "no attack was named",
                "Name one with --attack, such as --attack pgd.",
            )
        })
    }

    /// Everything that was said of it.
    ///
    /// # Errors
    /// Options that do not go together.
    pub fn settings(&self, threat: Threat, seed: u64) -> Result<AttackSettings> {
        let method = self.method()?;
        if self.kappa.is_some() && !method.takes(Parameter::Kappa) {
            let able = Method::all().filter(|m| m.takes(Parameter::Kappa));
            let (titles, names): (Vec<_>, Vec<_>) = able.map(|m| (m.title(), m.name())).unzip();
            return Err(Error::request(
                format!("--kappa is for the attack of {}", titles.join(", ")),
                format!("Add --attack {}, or leave --kappa out.", names.join(" or ")),
            ));
        }
        Ok(AttackSettings {
            method,
            threat,
            loss: self.loss,
            steps: self.steps,
            step: self.step,
            restarts: self.restarts,
            full: self.full,
            kappa: self.kappa.unwrap_or(0.0),
            seed,
        }
        .settled())
    }
}

/// What may be changed in a picture.
#[derive(Debug, Args)]
pub struct ThreatArgs {
    /// Radius in pixels of [0, 1], as 8/255 or 0.03; several, separated by commas, give recall against epsilon. For
    /// l0 a whole number of pixels (default: from a small one, each twice the last, until nothing is left)
    #[arg(
        long,
        value_name = "EPS",
        value_delimiter = ',',
        value_parser = fraction,
        allow_negative_numbers = true
    )]
    eps: Vec<f32>,
    /// How a perturbation is measured; free with --region is a patch
    #[arg(
        long,
        value_name = "NAME",
        default_value = "linf",
        value_parser = one_of::<Norm>(Norm::ALL.map(|n| (n.name(), n.about())))
    )]
    norm: Norm,
    /// Frequencies that the fourier norm leaves free, as shares of the highest one
    #[arg(long, value_name = "LOW..HIGH", value_parser = band)]
    band: Option<Band>,
    /// Only inside this rectangle of the model's input, in pixels
    #[arg(long, value_name = "X,Y,W,H", value_parser = region)]
    region: Option<Region>,
    /// Only where this picture is light: luma of 128 or more, of 255
    #[arg(long, value_name = "PICTURE")]
    mask: Option<PathBuf>,
}

impl ThreatArgs {
    /// The threat at its largest radius.
    ///
    /// # Errors
    /// Options that do not go together; a mask that cannot be read.
    pub fn threat(&self) -> Result<Threat> {
        let norm = match (self.norm, self.band) {
            (Norm::Fourier(_), Some(band)) => Norm::Fourier(band),
            (norm, _) => norm,
        };
        if self.band.is_some() && !self.norm.is_like(Norm::Fourier(Band::ALL)) {
            return Err(Error::request(
                "--band is for the fourier norm",
                "Add --norm fourier, or leave --band out.",
            ));
        }
        Ok(Threat {
            norm,
            eps: self.radii(norm).last().copied().unwrap_or_default(),
            region: self.region,
            mask: self.mask.as_deref().map(Mask::open).transpose()?,
        })
    }

    /// Were no radii asked for, so that they are chosen on the way?
    pub fn is_open(&self) -> bool {
        self.eps.is_empty()
    }

    /// The radii, rising: those asked for, or else the usual ones.
    pub fn radii(&self, norm: Norm) -> Vec<f32> {
        if self.eps.is_empty() {
            return Threat::usual_radii(norm);
        }
        let mut radii = self.eps.clone();
        radii.sort_by(f32::total_cmp);
        radii.dedup();
        radii
    }
}

/// Reads one of `names`, which come with what they mean: `--help` lists them.
fn one_of<T>(
    names: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = Error> + Clone + Send + Sync + 'static,
{
    let values = names.into_iter().map(|(name, about)| {
        let about = about.trim_end_matches('.');
        PossibleValue::new(name).help(about)
    });
    PossibleValuesParser::new(values).try_map(|name| name.parse::<T>())
}

/// A number, or a fraction such as 8/255.
fn fraction(text: &str) -> Result<f32, String> {
    let number = |t: &str| t.trim().parse::<f64>().ok();
    let value = match text.split_once('/') {
        Some((above, below)) => number(above).zip(number(below)).map(|(a, b)| a / b),
        None => number(text),
    };
    value
        .filter(|v| v.is_finite() && *v >= 0.0)
        .map(|v| v as f32)
        .ok_or_else(|| "a number from 0 or a fraction such as 8/255 is needed".into())
}

fn share(text: &str) -> Result<f32, String> {
    fraction(text).and_then(|v| {
        if v > 0.0 {
            Ok(v)
        } else {
            Err("a step larger than 0 is needed".into())
        }
    })
}

fn band(text: &str) -> Result<Band, String> {
    let ends = text.split_once("..").and_then(|(low, high)| {
        Some(Band {
            low: low.parse().ok()?,
            high: high.parse().ok()?,
        })
    });
    ends.filter(|b| 0.0 <= b.low && b.low <= b.high && b.high <= 1.0)
        .ok_or_else(|| "two numbers from 0 to 1 are needed, as 0..0.25".into())
}

fn region(text: &str) -> Result<Region, String> {
    let numbers: Option<Vec<u32>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[left, top, width, height]) if width > 0 && height > 0 => Ok(Region {
            left,
            top,
            width,
            height,
        }),
        _ => Err("four whole numbers are needed: left, top, width, height".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radii_are_numbers_or_fractions() {
        assert_eq!(fraction("8/255"), Ok((8.0_f64 / 255.0) as f32));
        assert_eq!(fraction("0.5"), Ok(0.5));
        for bad in ["", "-1", "1/0", "x", "nan", "8/"] {
            assert!(fraction(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bands_and_regions() {
        assert_eq!(
            band("0..0.25"),
            Ok(Band {
                low: 0.0,
                high: 0.25
            })
        );
        assert!(band("0.5..0.2").is_err() && band("1").is_err());
        assert!(region("10,20,30,40").is_ok());
        assert!(region("10,20,0,40").is_err() && region("1,2,3").is_err());
    }
}

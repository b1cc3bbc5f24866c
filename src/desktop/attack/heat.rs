//! Numbers become coloured pictures: on the window's own device straight into a texture, or through the engine.

use super::state::Heat;
use super::textures::Legend;
use crate::attack::{Saliency, levels};
use crate::compute::{
    Colours, Engine, Grid, HeatPainter, View, channel_mean, log_spectrum, pixel_norm,
};
use crate::desktop::core::colour_bar;
use crate::error::Result;
use eframe::egui_wgpu::RenderState;
use egui::ColorImage;
use std::sync::{Arc, OnceLock};

/// Where heatmaps are coloured: this is decided once.
#[derive(Clone)]
pub enum Painter {
    /// On the window's device.
    Window {
        /// Device, queue and the window's textures.
        state: RenderState,
        /// Built on first use, by a job.
        painter: Arc<OnceLock<HeatPainter>>,
    },
    /// By the compute engine.
    Engine,
}

/// A coloured picture.
pub enum Coloured {
    /// On the window's device.
    Texture(wgpu::Texture),
    /// In memory.
    Image(ColorImage),
}

impl Painter {
    /// The window's device where it can compute, else the engine.
    pub fn choose(state: Option<&RenderState>) -> Self {
        let fits = |state: &&RenderState| {
            let limits = state.device.limits();
            limits.max_compute_invocations_per_workgroup >= 256
                && limits.max_storage_textures_per_shader_stage >= 1
                && limits.max_storage_buffers_per_shader_stage >= 2
                && state.adapter.get_info().backend != wgpu::Backend::Gl
        };
        state
            .filter(fits)
            .map_or(Self::Engine, |state| Self::Window {
                state: state.clone(),
                painter: Arc::default(),
            })
    }

    /// The colours of `view`, which is `[height, width]`.
    fn paint(&self, engine: &dyn Engine, plane: &Numbers, grid: Grid) -> Result<Coloured> {
        let (values, width, height) = (&plane.values, grid.width, grid.height);
        match self {
            Self::Window { state, painter } => {
                let (device, queue) = (&state.device, &state.queue);
                let painter = painter.get_or_init(|| HeatPainter::new(device));
                let (colours, scale) = (plane.colours, plane.scale);
                let texture =
                    painter.paint(device, queue, values, width, height, colours, scale)?;
                Ok(Coloured::Texture(texture))
            }
            Self::Engine => {
                let rgba = engine.colour(values, plane.colours, plane.scale)?;
                let image = ColorImage::from_rgba_unmultiplied([width, height], &rgba);
                Ok(Coloured::Image(image))
            }
        }
    }
}

/// One picture of numbers with its colours.
struct Numbers {
    title: &'static str,
    values: Vec<f32>,
    colours: Colours,
    scale: f32,
}

/// What a heatmap is made from.
pub struct Source<'a> {
    /// Shape of a picture.
    pub grid: Grid,
    /// Perturbed less clean; empty where nothing was done yet.
    pub change: &'a [f32],
    /// The radius at which a signed map has its full colour; 0 for the largest change.
    pub scale: f32,
    /// The same radius in words.
    pub radius: &'a str,
    /// The map of the clean picture.
    pub saliency: Option<&'a Saliency>,
}

/// A heatmap, ready to draw.
pub struct Painted {
    /// The pictures with their titles: one, or one per channel.
    pub textures: Vec<(&'static str, Coloured)>,
    /// What the colours mean.
    pub legend: Legend,
}

/// Steps of a colour bar.
/// Orders of magnitude that a spectrum shows.
const DECADES: f32 = 5.0;

/// What is coloured, with the ends of its colour bar and what they are of.
type Shown = (Vec<Numbers>, (String, String, String), String);

/// Colours `heat` of `source`; `None` where there is nothing to be shown yet.
///
/// # Errors
/// A lost device, or a picture beyond its textures.
pub fn paint(
    heat: Heat,
    source: &Source<'_>,
    painter: &Painter,
    engine: &dyn Engine,
) -> Result<Option<Painted>> {
    let Some((planes, (low, middle, high), text)) = numbers(heat, source, engine)? else {
        return Ok(None);
    };
    let colours = planes.first().map_or(Colours::Signed, |s| s.colours);
    let painted = planes
        .iter()
        .map(|plane| Ok((plane.title, painter.paint(engine, plane, source.grid)?)))
        .collect::<Result<_>>()?;
    Ok(Some(Painted {
        textures: painted,
        legend: Legend {
            bar: colour_bar(colours, engine)?,
            ends: [low, middle, high],
            text,
        },
    }))
}

/// The numbers behind `heat`.
fn numbers(heat: Heat, source: &Source<'_>, engine: &dyn Engine) -> Result<Option<Shown>> {
    let grid = source.grid;
    if source.change.is_empty() && heat != Heat::Saliency {
        return Ok(None);
    }
    let largest = source.change.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
    let scale = if source.scale > 0.0 {
        source.scale
    } else {
        largest
    };
    let radius = if source.scale > 0.0 {
        source.radius.to_owned()
    } else {
        levels(largest)
    };
    let signed = |title, values| Numbers {
        title,
        values,
        colours: Colours::Signed,
        scale,
    };
    let ends = (format!("−{radius}"), "0".to_owned(), format!("+{radius}"));
    Ok(Some(match heat {
        Heat::Signed => {
            let mean = channel_mean(grid, source.change);
            let text = if grid.channels > 1 {
                "change, mean over the channels"
            } else {
                "change"
            };
            (vec![signed("", mean)], ends, text.to_owned())
        }
        Heat::Channels => (
            channels(grid, source.change, signed),
            ends,
            "change, channel by channel".to_owned(),
        ),
        Heat::Magnitude => {
            let view = View::new(pixel_norm(grid, source.change));
            let high = view.high.max(1e-6);
            let ends = ("0".to_owned(), String::new(), levels(high));
            let plane = Numbers {
                title: "",
                values: view.values,
                colours: Colours::Magma,
                scale: high,
            };
            (
                vec![plane],
                ends,
                "length of each pixel's change, to its largest".to_owned(),
            )
        }
        Heat::Spectrum => {
            let magnitudes = engine.magnitudes(grid, source.change)?;
            let view = log_spectrum(grid, &magnitudes);
            let low = view.low.max(view.high - DECADES);
            let values = view.values.iter().map(|v| (v - low).max(0.0)).collect();
            let power = |v: f32| format!("{:.1e}", 10.0_f32.powf(v)).replace('-', "−");
            let plane = Numbers {
                title: "",
                values,
                colours: Colours::Viridis,
                scale: (view.high - low).max(1e-3),
            };
            let ends = (power(low), String::new(), power(view.high));
            (
                vec![plane],
                ends,
                "Fourier magnitude, logarithmic, zero frequency in the middle".to_owned(),
            )
        }
        Heat::Saliency => {
            let Some(map) = source.saliency else {
                return Ok(None);
            };
            let end = map.signed.high.abs().max(map.signed.low.abs()).max(1e-12);
            let ends = (
                "towards right".to_owned(),
                "0".to_owned(),
                "towards wrong".to_owned(),
            );
            let plane = Numbers {
                title: "",
                values: map.signed.values.clone(),
                colours: Colours::Signed,
                scale: end,
            };
            (
                vec![plane],
                ends,
                format!("{} of the margin at the clean picture", map.kind.title()),
            )
        }
    }))
}

/// Every channel, then their mean where there are several.
fn channels(
    grid: Grid,
    change: &[f32],
    signed: impl Fn(&'static str, Vec<f32>) -> Numbers,
) -> Vec<Numbers> {
    const NAMES: [&str; 4] = ["red", "green", "blue", "alpha"];
    let planes = change.chunks(grid.plane().max(1)).take(grid.channels);
    let mut made: Vec<Numbers> = planes
        .zip(NAMES)
        .map(|(plane, name)| {
            signed(
                if grid.channels == 1 { "grey" } else { name },
                plane.to_vec(),
            )
        })
        .collect();
    if grid.channels > 1 {
        made.push(signed("mean", channel_mean(grid, change)));
    }
    made
}

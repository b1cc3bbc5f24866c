//! The points of a map on the window's device: uploaded once by a job, then drawn with a camera alone.

mod draw;
mod look;
mod meshes;

pub use look::Look;

use crate::map::{Layer, Plane};
use bytemuck::Pod;
use draw::{Draw, Place, Uniform, make};
use eframe::egui_wgpu::{self, RenderState};
use egui::{Color32, Rect, Shape};
use meshes::meshes;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use wgpu::util::{BufferInitDescriptor, DeviceExt};

/// Points drawn at a time on a graphics processor.
const MOST: usize = 4_000_000;

/// Points drawn at a time where the processor draws them.
const FEW: usize = 40_000;

/// Where points are drawn: this is decided once.
#[derive(Clone, Default)]
pub enum Painter {
    /// On the window's device.
    Window {
        /// Device, queue and the window's format.
        state: RenderState,
        /// Built on first use, by a job.
        pipeline: Arc<OnceLock<wgpu::RenderPipeline>>,
        /// Points drawn at a time.
        most: usize,
    },
    /// As shapes of the toolkit.
    #[default]
    Shapes,
}

/// How each point looks: its colour as RGBA, then 64 times its size in the upper 24 bits, and 1 where it is chosen.
pub type Style = [u32; 2];

/// A style of `colour` and `size`, 1 for an image.
pub fn style(colour: Color32, size: f32, chosen: bool) -> Style {
    let [r, g, b, a] = colour.to_array().map(u32::from);
    let size = (size * 64.0) as u32;
    [
        r | g << 8 | b << 16 | a << 24,
        size << 8 | u32::from(chosen),
    ]
}

/// One buffer for each layer on the window's device; none where there are no points.
#[derive(Default)]
pub struct Buffers([Option<wgpu::Buffer>; 2]);

/// Points as they are drawn: where they are, and how they look.
pub struct Scatter<'a> {
    /// Where they are.
    pub plane: &'a Plane,
    /// The same on the window's device.
    pub places: &'a Arc<Buffers>,
    /// How they look, by layer in the order of the plane.
    pub styles: &'a Arc<[Vec<Style>; 2]>,
    /// The same on the window's device.
    pub looks: &'a Arc<Buffers>,
    /// Is what is not chosen pale?
    pub pale: bool,
    /// The ring around what is chosen.
    pub ring: Color32,
}

/// How many points are drawn, and how many there are in what is seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Points drawn.
    pub drawn: usize,
    /// Points there.
    pub there: usize,
}

fn slot(layer: Layer) -> usize {
    usize::from(layer == Layer::Texts)
}

impl Painter {
    /// The window's device where it has one.
    pub fn choose(state: Option<&RenderState>) -> Self {
        state.map_or(Self::Shapes, |state| Self::Window {
            state: state.clone(),
            pipeline: Arc::default(),
            most: if state.adapter.get_info().device_type == wgpu::DeviceType::Cpu {
                FEW
            } else {
                MOST
            },
        })
    }

    /// Brings the places of a plane to the device. Called by a job: it takes as long as there are points.
    pub fn upload_places(&self, plane: &Plane) -> Buffers {
        self.upload(|layer| {
            let order = plane.order(layer).iter();
            let place = |&p: &u32| Place::of(plane.point(p).unwrap_or_default());
            order.map(place).collect()
        })
    }

    /// Brings styles to the device.
    pub fn upload_styles(&self, styles: &[Vec<Style>; 2]) -> Buffers {
        self.upload(|layer| styles[slot(layer)].clone())
    }

    fn upload<T: Pod>(&self, values: impl Fn(Layer) -> Vec<T>) -> Buffers {
        let Self::Window {
            state, pipeline, ..
        } = self
        else {
            return Buffers::default();
        };
        pipeline.get_or_init(|| make(state));
        let buffer = |layer| {
            let values = values(layer);
            let bytes: &[u8] = bytemuck::cast_slice(&values);
            let fits = bytes.len() as u64 <= state.device.limits().max_buffer_size;
            (fits && !bytes.is_empty()).then(|| {
                state.device.create_buffer_init(&BufferInitDescriptor {
                    label: Some("points of the map"),
                    contents: bytes,
                    usage: wgpu::BufferUsages::VERTEX,
                })
            })
        };
        Buffers([buffer(Layer::Images), buffer(Layer::Texts)])
    }

    /// What draws `picture` in `rect`, and how much of it: the radius of an image's point is `radius` points of the screen.
    pub fn draw(
        &self,
        picture: &Scatter<'_>,
        rect: Rect,
        look: Look,
        radius: f32,
        pixels: f32,
    ) -> (Vec<Shape>, Drawn) {
        let area = look.area(rect.size());
        let most = match self {
            Self::Window { most, .. } => *most,
            Self::Shapes => FEW,
        };
        let mut drawn = Drawn::default();
        let mut ranges: [Vec<Range<u32>>; 2] = Default::default();
        let mut opacity = [1.0_f32; 2];
        for layer in Layer::ALL {
            let (found, count, there) = picture.plane.seen(layer, &area, most);
            ranges[slot(layer)] = found;
            drawn.drawn += count;
            drawn.there += there;
            // Where many lie over one another, their number shows as how opaque they are together.
            let room = f64::from(rect.area()) / f64::from(radius * radius * 4.0);
            opacity[slot(layer)] = (room / count.max(1) as f64).sqrt().clamp(0.12, 1.0) as f32;
        }
        let uniform = |layer: Layer| {
            let middle = Place::of(look.middle);
            Uniform {
                middle: [middle.high, middle.low],
                half_size: (rect.size() * pixels / 2.0).into(),
                scale: (look.scale * f64::from(pixels)) as f32,
                radius: radius * pixels,
                opacity: opacity[slot(layer)],
                pale: f32::from(picture.pale),
                ring: style(picture.ring, 0.0, false)[0],
                square: f32::from(layer == Layer::Texts),
            }
        };
        let shapes = match self {
            Self::Window { pipeline, .. } if pipeline.get().is_some() => {
                let draw = Draw {
                    pipeline: Arc::clone(pipeline),
                    buffers: [Arc::clone(picture.places), Arc::clone(picture.looks)],
                    uniforms: [uniform(Layer::Images), uniform(Layer::Texts)],
                    ranges,
                    groups: OnceLock::new(),
                };
                vec![Shape::Callback(egui_wgpu::Callback::new_paint_callback(
                    rect, draw,
                ))]
            }
            _ => vec![meshes(picture, rect, look, radius, &ranges, opacity)],
        };
        (shapes, drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Pos2, Vec2};

    #[test]
    fn the_screen_and_the_plane_agree_at_any_zoom() {
        let rect = Rect::from_min_size(Pos2::new(120.0, 40.0), Vec2::new(900.0, 500.0));
        for scale in [200.0, 1e5, 3e8] {
            let look = Look {
                middle: [0.123_456_789_012, -0.7],
                scale,
            };
            for at in [
                Pos2::new(200.0, 70.0),
                rect.center(),
                Pos2::new(1000.5, 539.0),
            ] {
                let back = look.on_screen(rect, look.place(rect, at));
                assert!((back - at).length() < 1e-2, "{scale}: {at:?} {back:?}");
            }
        }
    }

    #[test]
    fn places_keep_the_digits_that_a_deep_zoom_needs() {
        let middle = 0.734_512_345_678_901;
        let (m, scale) = (Place::of([middle, 0.0]), 5e8_f32);
        for step in [1e-9_f64, -3.7e-9, 4e-7] {
            let p = Place::of([middle + step, 0.0]);
            // As the shader does it.
            let pixels = ((p.high[0] - m.high[0]) + (p.low[0] - m.low[0])) * scale;
            let right = step * f64::from(scale);
            assert!((f64::from(pixels) - right).abs() < 0.01, "{pixels} {right}");
        }
    }

    #[test]
    fn styles_carry_colour_size_and_choice() {
        let [colour, more] = style(Color32::from_rgb(1, 2, 3), 0.5, true);
        assert_eq!(colour.to_le_bytes(), [1, 2, 3, 255]);
        assert_eq!((more & 1, (more >> 8) as f32 / 64.0), (1, 0.5));
    }
}

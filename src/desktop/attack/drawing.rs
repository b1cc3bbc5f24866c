//! The lab's pictures: what they should show, and the textures that show it.

use super::heat::{Coloured, Painted, Painter};
use super::state::Heat;
use super::textures::Texture;
use super::work::{Canvas, locked_scale, make_textures};
use super::{Attack, Slot, TexturesKey, Work};
use crate::attack::{Mask, Norm};
use crate::compute::Engine;
use crate::desktop::core::SAMPLING;
use crate::desktop::feature::Desk;
use egui::ColorImage;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Shortest time between two pictures of an attack under way.
const FRAME: Duration = Duration::from_millis(66);

impl Attack {
    /// Has the pictures made that should be shown and are not.
    pub(super) fn make_textures(&mut self, desk: &mut Desk<'_, Self>, engine: &Arc<dyn Engine>) {
        let (lab, app) = (&self.state, &self.work);
        let now = desk.session.now();
        let Some(clean) = lab.clean(now) else {
            return;
        };
        let Some(painter) = app.painter.clone() else {
            return;
        };
        let done = lab.last(now).filter(|d| d.request.own_size == lab.own_size);
        let asked = app.map_asked.get(now);
        let map = app.map.get(now).filter(|(key, _)| asked == Some(key));
        let map = map
            .filter(|_| lab.looks.heat == Heat::Saliency)
            .map(|(_, m)| Arc::clone(m));
        let live = lab.live().map_or(0, |r| r.points.len());
        let key = TexturesKey {
            image: clean.image,
            own_size: clean.own_size,
            result: done.map_or(0, |d| Arc::as_ptr(&d.result) as usize),
            live,
            heat: lab.looks.heat,
            amplify: lab.looks.amplify,
            map: map.as_ref().map_or(0, |m| Arc::as_ptr(m) as usize),
        };
        if app.textures_asked == Some(key) || desk.is_running(Slot::Textures) {
            return;
        }
        let (mut x, mut scale) = (None, 0.0);
        if let Some(done) = done {
            x = Some(Arc::clone(&done.result.adversarial));
            scale = locked_scale(&done.result);
        }
        if live > 0
            && let Some(running) = lab.live()
        {
            let early = app.live_taken.is_some_and(|at| at.elapsed() < FRAME);
            // Only the newest picture is kept; when the attack is writing it, the next frame has it.
            let newest = running
                .slot
                .try_lock()
                .ok()
                .filter(|_| !early)
                .and_then(|mut l| l.x.take());
            let Some(newest) = newest else { return };
            x = Some(Arc::new(newest));
            let threat = lab.settings.settled().threat;
            scale = if threat.norm == Norm::Linf {
                threat.eps
            } else {
                0.0
            };
            self.work.live_taken = Some(Instant::now());
        }
        self.work.textures_asked = Some(key);
        let canvas = Canvas {
            key,
            grid: clean.grid,
            clean: Arc::clone(&clean.pixels),
            x,
            scale,
            saliency: map,
            painter,
            engine: Arc::clone(engine),
        };
        desk.start(Slot::Textures, "Drawing", move |_| make_textures(&canvas));
    }

    /// Darkens the original where a mask keeps it from being changed.
    pub(super) fn veil_original(&mut self, desk: &Desk<'_, Self>) {
        let mask = self.state.settings.threat.mask.as_ref();
        let same = match (mask, &self.work.veiled) {
            (Some(mask), Some(veiled)) => Arc::ptr_eq(&mask.free, veiled),
            (mask, veiled) => mask.is_none() && veiled.is_none(),
        };
        if !same {
            self.work.veiled = mask.map(|m| Arc::clone(&m.free));
            self.state.textures.mask = mask.map(|m| Texture::image(desk.ctx, "mask", "", veil(m)));
        }
    }

    pub(super) fn take_textures(
        &mut self,
        desk: &Desk<'_, Self>,
        key: TexturesKey,
        adversarial: Option<ColorImage>,
        difference: Option<ColorImage>,
        heat: Option<Painted>,
    ) {
        if Some(key.image) != self.state.image {
            return;
        }
        let textures = &mut self.state.textures;
        textures.adversarial = adversarial.map(|i| Texture::image(desk.ctx, "adversarial", "", i));
        textures.difference = difference.map(|i| Texture::image(desk.ctx, "difference", "", i));
        let Some(heat) = heat else {
            // A map that is being made leaves the one before in its place no longer.
            textures.heat.clear();
            return;
        };
        textures.legend = heat.legend;
        let mut made = Vec::with_capacity(heat.textures.len());
        for (at, (title, coloured)) in heat.textures.into_iter().enumerate() {
            match coloured {
                Coloured::Image(image) => {
                    made.push(Texture::image(desk.ctx, "heatmap", title, image));
                }
                Coloured::Texture(texture) => made.extend(self.work.native(at, &texture, title)),
            }
        }
        self.state.textures.heat = made;
    }
}

/// Longer side of the veil over a masked picture at most.
const VEIL: u32 = 512;

/// Dark where `mask` keeps the picture from being changed.
fn veil(mask: &Mask) -> ColorImage {
    let step = mask.width.max(mask.height).div_ceil(VEIL).max(1);
    let (width, height) = (mask.width.div_ceil(step), mask.height.div_ceil(step));
    let mut rgba = Vec::with_capacity((width * height * 4) as usize);
    for y in 0..height {
        for x in 0..width {
            let at = (y * step * mask.width + x * step) as usize;
            let free = mask.free.get(at).copied().unwrap_or(false);
            rgba.extend([0, 0, 0, if free { 0 } else { 150 }]);
        }
    }
    ColorImage::from_rgba_unmultiplied([width as usize, height as usize], &rgba)
}

impl Work {
    /// Shows `texture` under the `at`-th of the window's own names.
    fn native(
        &mut self,
        at: usize,
        texture: &wgpu::Texture,
        title: &'static str,
    ) -> Option<Texture> {
        let Some(Painter::Window { state, .. }) = &self.painter else {
            return None;
        };
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let filter = |filter| match filter {
            egui::TextureFilter::Nearest => wgpu::FilterMode::Nearest,
            egui::TextureFilter::Linear => wgpu::FilterMode::Linear,
        };
        let sampler = wgpu::SamplerDescriptor {
            label: Some("heatmap"),
            mag_filter: filter(SAMPLING.magnification),
            min_filter: filter(SAMPLING.minification),
            ..wgpu::SamplerDescriptor::default()
        };
        let mut renderer = state.renderer.write();
        let id = if let Some(id) = self.natives.get(at) {
            renderer.update_egui_texture_from_wgpu_texture_with_sampler_options(
                &state.device,
                &view,
                sampler,
                *id,
            );
            *id
        } else {
            let id = renderer.register_native_texture_with_sampler_options(
                &state.device,
                &view,
                sampler,
            );
            self.natives.push(id);
            id
        };
        let size = egui::vec2(texture.width() as f32, texture.height() as f32);
        Some(Texture::native(id, size, title))
    }
}

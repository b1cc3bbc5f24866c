//! Pictures of the demo at their own resolution, against its encoder.

use super::{dot, norm};
use crate::attack::victims::demo;
use nearmiss::attack::pictures::{picture, pixels, quantised};
use nearmiss::attack::{AscentLoss, Goal, Pairs, Resized, Victim};
use nearmiss::compute::Grid;
use nearmiss::dataset::{Picture, open_picture};
use nearmiss::task::Task;

/// The middle of a scene, `width` x `height`.
fn scene(image: usize, width: u32, height: u32) -> Picture {
    let whole = demo().dataset.images[image].open().unwrap();
    let (left, top) = ((whole.width - width) / 2, (whole.height - height) / 2);
    let start = |y: u32| ((top + y) * whole.width + left) as usize * 3;
    let row = |y: u32| &whole.rgb[start(y)..start(y) + width as usize * 3];
    Picture {
        width,
        height,
        rgb: (0..height).flat_map(row).copied().collect(),
    }
}

#[test]
fn gradients_at_the_own_resolution_are_those_of_the_verdicts() {
    let (demo, task) = (demo(), Task::detached());
    let images = [3, 8];
    for (width, height) in [(128, 128), (90, 117), (40, 33)] {
        let inner = Pairs::new(&demo.set, Goal::Lose, &images, &[]).unwrap();
        let side = (height as usize, width as usize);
        let mut victim = Resized::new(inner, demo.encoder.preprocess(), side.0, side.1).unwrap();
        assert_eq!(
            victim.grid(),
            Grid {
                rows: 2,
                channels: 3,
                height: side.0,
                width: side.1
            }
        );
        let len = victim.grid().len();
        // Away from black and white, where a difference would not be central.
        let x: Vec<f32> = images
            .iter()
            .flat_map(|&i| victim.pixels(&scene(i, width, height)).unwrap())
            .map(|v| 0.15 + 0.7 * v)
            .collect();
        let slope = victim
            .value_and_gradient(&[0, 1], &x, AscentLoss::Margin, &task)
            .unwrap();
        assert_eq!(slope.gradient.len(), x.len());
        for row in 0..2 {
            let range = row * len..(row + 1) * len;
            let g = &slope.gradient[range.clone()];
            let size = norm(g);
            assert!(size > 0.0);
            let mut at = |h: f64| {
                let mut moved = x.clone();
                for (m, v) in moved[range.clone()].iter_mut().zip(g) {
                    *m += (h * f64::from(*v) / size) as f32;
                }
                f64::from(victim.predict(&[0, 1], &moved, &task).unwrap()[row].margin())
            };
            let central = (at(5e-3) - at(-5e-3)) / 1e-2;
            assert!(
                (central / size - 1.0).abs() < 0.05,
                "{width} x {height}: {central}, {size}"
            );
        }
    }
}

#[test]
fn steps_at_the_own_resolution_raise_the_margin_of_the_saved_picture() {
    let (demo, task) = (demo(), Task::detached());
    let (image, eps) = (3, 4.0 / 255.0);
    let preprocess = demo.encoder.preprocess();
    let pairs = Pairs::new(&demo.set, Goal::Lose, &[image], &[]).unwrap();
    let mut victim = Resized::new(pairs, preprocess, 100, 120).unwrap();
    let source = scene(image, 120, 100);
    let clean = victim.pixels(&source).unwrap();
    let plain = victim.predict(&[0], &clean, &task).unwrap()[0].margin();
    // Unperturbed, the saved picture is the picture itself.
    let saved = victim.predict_saved(&[0], &clean, &task).unwrap()[0];
    let direct = victim
        .inner()
        .predict(&[0], &pixels(preprocess, &source).unwrap(), &task)
        .unwrap()[0];
    assert_eq!(saved, direct);
    assert!((saved.margin() - plain).abs() < 0.02, "{saved:?}, {plain}");

    let mut x = clean.clone();
    let mut before = plain;
    for _ in 0..6 {
        let slope = victim
            .value_and_gradient(&[0], &x, AscentLoss::Margin, &task)
            .unwrap();
        for ((x, g), c) in x.iter_mut().zip(&slope.gradient).zip(&clean) {
            let sign = if *g == 0.0 { 0.0 } else { g.signum() };
            *x = (*x + eps / 4.0 * sign)
                .clamp(c - eps, c + eps)
                .clamp(0.0, 1.0);
        }
        let after = victim.predict(&[0], &x, &task).unwrap()[0].margin();
        assert!(after > before - 0.01, "{after} after {before}");
        before = after;
    }
    assert!(before > plain + 0.05, "{before} from {plain}");
    let verdict = victim.predict_saved(&[0], &x, &task).unwrap()[0];
    assert!(
        (verdict.margin() - before).abs() < 0.02,
        "{verdict:?}, {before}"
    );

    // The same as a file gives.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("perturbed.png");
    let made = picture(&x, 3, 100, 120);
    image::save_buffer(
        &path,
        &made.rgb,
        made.width,
        made.height,
        image::ColorType::Rgb8,
    )
    .unwrap();
    let read = open_picture(&path).unwrap();
    let reread = victim.pixels(&read).unwrap();
    assert_eq!(reread, quantised(&x));
    let direct = victim
        .inner()
        .predict(&[0], &pixels(preprocess, &read).unwrap(), &task)
        .unwrap()[0];
    assert_eq!(direct, verdict);
    let embedded = victim
        .inner()
        .embed(&pixels(preprocess, &read).unwrap(), &task)
        .unwrap();
    let fed = preprocess.apply(&read).unwrap();
    let (wanted, dim) = demo.encoder.image_tower().embed_images(&fed, 1).unwrap();
    let wanted = nearmiss::compute::Embeddings::new(wanted, dim).unwrap();
    assert!(dot(embedded.row(0), wanted.row(0)) > 1.0 - 1e-5);
}

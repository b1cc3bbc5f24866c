//! Fourier transforms and colours: both engines against float64 transforms, published colours and each other.

mod colours;
mod filters;

use nearmiss::compute::{Band, Cpu, Gpu, Grid, Paint, Spectrum};
use proptest::prelude::*;
use rustfft::num_complex::Complex64;
use std::sync::OnceLock;

/// The best adapter there is, a software one included.
fn adapter() -> wgpu::Adapter {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let request = wgpu::RequestAdapterOptions::default();
    pollster::block_on(instance.request_adapter(&request)).expect("an adapter")
}

fn gpu() -> &'static Gpu {
    static GPU: OnceLock<Gpu> = OnceLock::new();
    GPU.get_or_init(|| Gpu::new(&adapter()).expect("a device"))
}

trait Both: Spectrum + Paint {}
impl<T: Spectrum + Paint> Both for T {}

fn engines() -> [(&'static str, &'static dyn Both); 2] {
    [("cpu", &Cpu), ("gpu", gpu())]
}

fn grid(rows: usize, channels: usize, height: usize, width: usize) -> Grid {
    Grid {
        rows,
        channels,
        height,
        width,
    }
}

fn random(grid: Grid, size: f32, seed: u64) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..grid.total())
        .map(|_| (rng.f32() * 2.0 - 1.0) * size)
        .collect()
}

/// The orthonormal transform of a plane straight from its definition.
fn naive(plane: &[f32], height: usize, width: usize) -> Vec<Complex64> {
    let root =
        |k: usize, n: usize| Complex64::cis(-std::f64::consts::TAU * (k % n) as f64 / n as f64);
    let mut out = Vec::new();
    for ky in 0..height {
        for kx in 0..width {
            let mut sum = Complex64::ZERO;
            for y in 0..height {
                for x in 0..width {
                    sum += f64::from(plane[y * width + x])
                        * root(ky * y, height)
                        * root(kx * x, width);
                }
            }
            out.push(sum / ((height * width) as f64).sqrt());
        }
    }
    out
}

/// The same by rustfft in float64.
fn exact(plane: &[f32], height: usize, width: usize) -> Vec<Complex64> {
    let mut planner = rustfft::FftPlanner::<f64>::new();
    let scale = 1.0 / ((height * width) as f64).sqrt();
    let mut data: Vec<_> = plane
        .iter()
        .map(|&v| Complex64::new(f64::from(v) * scale, 0.0))
        .collect();
    planner.plan_fft_forward(width).process(&mut data);
    let mut columns: Vec<_> = (0..width * height)
        .map(|i| data[i % height * width + i / height])
        .collect();
    planner.plan_fft_forward(height).process(&mut columns);
    (0..width * height)
        .map(|i| columns[i % width * height + i / width])
        .collect()
}

fn each_plane(grid: Grid, values: &[f32]) -> impl Iterator<Item = (&[f32], Vec<Complex64>)> {
    values
        .chunks(grid.plane())
        .map(move |p| (p, exact(p, grid.height, grid.width)))
}

/// Radius of frequency `i` of a plane.
fn radius(i: usize, grid: Grid) -> f64 {
    let part = |k: usize, n: usize| (k.min(n - k) as f64 / n as f64).powi(2);
    ((part(i / grid.width, grid.height) + part(i % grid.width, grid.width)) / 0.5).sqrt()
}

fn inside(i: usize, grid: Grid, band: Band) -> bool {
    let r = radius(i, grid);
    r >= f64::from(band.low) - 1e-7 && r <= f64::from(band.high) + 1e-7
}

/// The largest difference of `sizes` from the magnitudes of `spectrum`, in units of its root mean square.
fn error(sizes: &[f32], spectrum: &[Complex64]) -> f64 {
    let energy: f64 = spectrum.iter().map(Complex64::norm_sqr).sum();
    let rms = (energy / spectrum.len() as f64).sqrt();
    let apart = |(&s, z): (&f32, &Complex64)| (f64::from(s) - z.norm()).abs();
    sizes.iter().zip(spectrum).map(apart).fold(0.0, f64::max) / rms
}

const BIG: [(usize, usize); 5] = [(32, 32), (27, 40), (224, 224), (227, 227), (30, 224)];

#[test]
fn small_transforms_are_the_definition() {
    let sizes = [
        (1, 1),
        (2, 2),
        (3, 3),
        (4, 4),
        (5, 5),
        (7, 7),
        (8, 8),
        (11, 11),
        (13, 13),
        (27, 27),
        (32, 32),
        (1, 9),
        (9, 1),
        (6, 10),
        (1, 49),
        (12, 35),
        (14, 26),
        (1, 16),
        (25, 3),
        (1, 221),
    ];
    for (height, width) in sizes {
        let g = grid(2, 2, height, width);
        let values = random(g, 3.0, 7);
        for (name, engine) in engines() {
            let sizes = engine.magnitudes(g, &values).unwrap();
            assert_eq!(sizes.len(), values.len());
            for (sizes, plane) in sizes.chunks(g.plane()).zip(values.chunks(g.plane())) {
                let e = error(sizes, &naive(plane, height, width));
                assert!(e < 1e-6, "{name} {height} x {width}: {e}");
            }
        }
    }
}

#[test]
fn pictures_agree_with_float64() {
    let more = [
        (336, 336),
        (384, 384),
        (1, 1025),
        (1, 2048),
        (1100, 6),
        (3, 1331),
    ];
    for (height, width) in BIG.into_iter().chain(more) {
        let g = grid(1, 3, height, width);
        let values = random(g, 1.0, 8);
        for (name, engine) in engines() {
            let sizes = engine.magnitudes(g, &values).unwrap();
            for (sizes, (_, spectrum)) in sizes.chunks(g.plane()).zip(each_plane(g, &values)) {
                let e = error(sizes, &spectrum);
                assert!(e < 3e-6, "{name} {height} x {width}: {e}");
            }
        }
    }
}

#[test]
fn odd_requests() {
    for (name, engine) in engines() {
        for g in [
            grid(0, 3, 4, 4),
            grid(1, 0, 4, 4),
            grid(1, 3, 0, 4),
            grid(1, 3, 4, 0),
        ] {
            assert!(engine.magnitudes(g, &[]).unwrap().is_empty(), "{name}");
            engine.flatten(g, Band::ALL, &mut []).unwrap();
            engine.clip(g, 1.0, Band::ALL, &mut []).unwrap();
        }
        let g = grid(1, 1, 4, 4);
        assert!(engine.magnitudes(g, &[0.0; 15]).is_err(), "{name}");
        assert!(
            engine.flatten(g, Band::ALL, &mut [0.0; 17]).is_err(),
            "{name}"
        );
        for eps in [0.0, -1.0, f32::NAN] {
            let mut values = random(g, 1.0, 1);
            engine.clip(g, eps, Band::ALL, &mut values).unwrap();
            assert!(values.iter().all(|&v| v == 0.0), "{name} {eps}");
        }
        // A band that is no number holds no frequency.
        let mut values = random(g, 1.0, 1);
        let band = Band {
            low: f32::NAN,
            high: 1.0,
        };
        engine.clip(g, 1.0, band, &mut values).unwrap();
        assert!(values.iter().all(|&v| v == 0.0), "{name}");
    }
    // A prime length that the plain sum would take too long for.
    let g = grid(1, 1, 1, 5003);
    let values = random(g, 1.0, 1);
    assert_eq!(
        gpu().magnitudes(g, &values).unwrap(),
        Cpu.magnitudes(g, &values).unwrap()
    );
}

#[test]
fn many_planes_go_in_chunks() {
    // 96 MiB of spectra: more than one chunk on the GPU, the last one smaller.
    let g = grid(64, 3, 256, 256);
    let values = random(g, 1.0, 9);
    let sizes = gpu().magnitudes(g, &values).unwrap();
    let want = Cpu.magnitudes(g, &values).unwrap();
    let apart = sizes
        .iter()
        .zip(&want)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(apart < 4e-6, "{apart}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn spectra_keep_what_they_must(
        (rows, channels, height, width) in (1_usize..3, 1_usize..4, 1_usize..24, 1_usize..40),
        seed in 0_u64..1000,
        eps in 0.01_f32..2.0,
        (a, b) in (0.0_f32..1.0, 0.0_f32..1.0),
    ) {
        let g = grid(rows, channels, height, width);
        let band = Band { low: a.min(b), high: a.max(b) };
        let values = random(g, 1.0, seed);
        let mut results = Vec::new();
        for (name, engine) in engines() {
            // Parseval.
            let sizes = engine.magnitudes(g, &values).unwrap();
            let energy = |v: &[f32]| -> f64 { v.iter().map(|&v| f64::from(v).powi(2)).sum() };
            prop_assert!((energy(&sizes) / energy(&values) - 1.0).abs() < 1e-5, "{}", name);
            // A real picture's spectrum is symmetric.
            for sizes in sizes.chunks(g.plane()) {
                for i in 0..g.plane() {
                    let (y, x) = (i / width, i % width);
                    let mirror = (height - y) % height * width + (width - x) % width;
                    prop_assert!((sizes[i] - sizes[mirror]).abs() < 1e-5, "{}", name);
                }
            }
            // No clipping below eps; a second clip changes nothing.
            let mut same = values.clone();
            engine.clip(g, 1e3, Band::ALL, &mut same).unwrap();
            for (a, b) in same.iter().zip(&values) {
                prop_assert!((a - b).abs() < 1e-5, "{}", name);
            }
            let mut once = values.clone();
            engine.clip(g, eps, band, &mut once).unwrap();
            let mut twice = once.clone();
            engine.clip(g, eps, band, &mut twice).unwrap();
            for (a, b) in once.iter().zip(&twice) {
                prop_assert!((a - b).abs() < 2e-5 * eps * (g.plane() as f32).sqrt(), "{}", name);
            }
            // The direction of steepest ascent: <g, flat(g)> is the sum of |F(g)| over the band.
            let mut flat = values.clone();
            engine.flatten(g, band, &mut flat).unwrap();
            let dot: f64 = flat.iter().zip(&values).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            let within = sizes.iter().enumerate().filter(|(i, _)| inside(i % g.plane(), g, band));
            let dual: f64 = within.map(|(_, &s)| f64::from(s)).sum();
            prop_assert!((dot - dual).abs() < 1e-4 * (1.0 + dual), "{}: {} for {}", name, dot, dual);
            results.push((sizes, once));
        }
        for (a, b) in results[0].0.iter().zip(&results[1].0).chain(results[0].1.iter().zip(&results[1].1)) {
            prop_assert!((a - b).abs() < 1e-5);
        }
    }
}

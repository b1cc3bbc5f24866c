//! Colours: published values, both engines and textures to the byte, views of perturbations.

use super::{adapter, engines, gpu, grid, random};
use nearmiss::compute::{
    Colours, Cpu, HeatPainter, Paint, Spectrum, channel_mean, log_spectrum, pixel_norm,
};

const ALL: [Colours; 4] = [
    Colours::Signed,
    Colours::Viridis,
    Colours::Magma,
    Colours::Grey,
];

/// Every entry of a map from 0: the middles of 256 steps.
fn ramp() -> Vec<f32> {
    (0..256).map(|i| (i as f32 + 0.5) / 256.0).collect()
}

fn rgb(pixels: &[u8]) -> Vec<[u8; 3]> {
    pixels.chunks(4).map(|p| [p[0], p[1], p[2]]).collect()
}

/// CIE luminance of an sRGB colour.
fn luminance(c: [u8; 3]) -> f64 {
    let linear = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.040_45 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2])
}

#[test]
fn maps_are_the_published_ones() {
    // matplotlib 3.11, entries of `colormaps[...](i)`.
    let at = [0, 1, 32, 64, 100, 128, 160, 192, 230, 255];
    let viridis = [
        [68, 1, 84],
        [68, 2, 86],
        [71, 45, 123],
        [59, 82, 139],
        [42, 118, 142],
        [33, 145, 140],
        [40, 174, 128],
        [94, 201, 98],
        [189, 223, 38],
        [253, 231, 37],
    ];
    let magma = [
        [0, 0, 4],
        [1, 0, 5],
        [29, 17, 71],
        [81, 18, 124],
        [137, 40, 129],
        [183, 55, 121],
        [231, 82, 99],
        [252, 137, 97],
        [254, 207, 146],
        [252, 253, 191],
    ];
    for (colours, published) in [(Colours::Viridis, viridis), (Colours::Magma, magma)] {
        let map = rgb(&Cpu.colour(&ramp(), colours, 1.0).unwrap());
        for (i, want) in at.into_iter().zip(published) {
            for (a, b) in map[i].into_iter().zip(want) {
                assert!(
                    i32::from(a).abs_diff(b) <= 2,
                    "{colours:?} {i}: {:?} for {want:?}",
                    map[i]
                );
            }
        }
        // Lighter with every few steps.
        for i in 4..256 {
            assert!(luminance(map[i]) > luminance(map[i - 4]), "{colours:?} {i}");
        }
    }
    let grey = rgb(&Cpu.colour(&ramp(), Colours::Grey, 1.0).unwrap());
    assert!(grey.iter().enumerate().all(|(i, &c)| c == [i as u8; 3]));
}

#[test]
fn the_signed_map_is_balanced() {
    let values: Vec<f32> = ramp().iter().flat_map(|&v| [v * 8.0, -v * 8.0]).collect();
    let map = rgb(&Cpu.colour(&values, Colours::Signed, 8.0).unwrap());
    let white = Cpu.colour(&[0.0, -0.0], Colours::Signed, 8.0).unwrap();
    assert_eq!(white, [255; 8]);
    for i in 0..256 {
        let (red, blue) = (map[2 * i], map[2 * i + 1]);
        // Equally light on both sides, about.
        assert!(
            (luminance(red).cbrt() - luminance(blue).cbrt()).abs() < 0.025,
            "{i}: {red:?} {blue:?}"
        );
        if i >= 3 {
            assert!(
                red[0] > red[2] && blue[2] > blue[0],
                "{i}: {red:?} {blue:?}"
            );
            for side in 0..2 {
                assert!(
                    luminance(map[2 * i + side]) < luminance(map[2 * (i - 3) + side]),
                    "{i}"
                );
            }
        }
    }
    // A twentieth of the scale shows: at least 20 levels off white in some channel.
    for side in 0..2 {
        let colour = map[2 * 13 + side];
        assert!(colour.into_iter().min().unwrap() <= 235, "{colour:?}");
    }
    // The path through OKLab that it is meant to follow.
    for i in 0..256 {
        let t = i as f64 / 255.0;
        let s = 2.0 * t / (1.0 + t);
        for (side, (chroma, hue)) in [(0.195, 25.0_f64), (0.185, 260.0)].into_iter().enumerate() {
            let (sin, cos) = hue.to_radians().sin_cos();
            let want = oklab(1.0 - 0.52 * s, chroma * s * cos, chroma * s * sin);
            for (a, b) in map[2 * i + side].into_iter().zip(want) {
                assert!((f64::from(a) - b).abs() < 2.0, "{i} {side}: {want:?}");
            }
        }
    }
}

/// sRGB levels of a colour in `OKLab` (Ottosson 2020).
fn oklab(l: f64, a: f64, b: f64) -> [f64; 3] {
    let cone = |ca: f64, cb: f64| (l + ca * a + cb * b).powi(3);
    let (l, m, s) = (
        cone(0.396_337_777_4, 0.215_803_757_3),
        cone(-0.105_561_345_8, -0.063_854_172_8),
        cone(-0.089_484_177_5, -1.291_485_548),
    );
    let linear = [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s,
    ];
    linear.map(|v| {
        let v = v.clamp(0.0, 1.0);
        let v = if v <= 0.003_130_8 {
            12.92 * v
        } else {
            1.055 * v.powf(1.0 / 2.4) - 0.055
        };
        255.0 * v
    })
}

/// Numbers of every kind, the borders between entries among them.
fn awkward(scale: f32) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(4);
    let mut values = vec![
        0.0,
        -0.0,
        f32::NAN,
        -f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        1e-45,
        -1e-45,
        1e-40,
        scale,
        -scale,
        scale * 2.0,
    ];
    for i in 0..=256 {
        let border = scale * i as f32 / 256.0;
        values.extend([border, border.next_up(), border.next_down(), -border]);
    }
    values.extend((0..2000).map(|_| (rng.f32() * 3.0 - 1.5) * scale));
    values.extend((0..2000).map(|_| f32::from_bits(rng.u32(..))));
    values
}

const SCALES: [f32; 9] = [
    1.0,
    0.031_372_55,
    7.3,
    1e-28,
    3e38,
    0.0,
    -1.0,
    f32::NAN,
    f32::INFINITY,
];

#[test]
fn both_engines_colour_alike_to_the_byte() {
    for colours in ALL {
        for scale in SCALES {
            let values = awkward(scale);
            let want = Cpu.colour(&values, colours, scale).unwrap();
            assert_eq!(want.len(), values.len() * 4);
            assert!(want.chunks(4).all(|p| p[3] == 255));
            let got = gpu().colour(&values, colours, scale).unwrap();
            for (i, (a, b)) in got.chunks(4).zip(want.chunks(4)).enumerate() {
                assert_eq!(a, b, "{colours:?} {scale}: {:e}", values[i]);
            }
        }
    }
}

#[test]
fn ends_nan_and_no_scale() {
    for (name, engine) in engines() {
        assert!(
            engine.colour(&[], Colours::Signed, 1.0).unwrap().is_empty(),
            "{name}"
        );
        for colours in ALL {
            let paint = |values: &[f32], scale| engine.colour(values, colours, scale).unwrap();
            assert_eq!(paint(&[f32::NAN], 1.0), [128, 128, 128, 255], "{name}");
            let top = paint(&[0.9999], 1.0);
            assert_eq!(paint(&[1.0], 1.0), top);
            assert_eq!(paint(&[f32::INFINITY], 1.0), top);
            // No scale: zero's colour at zero, the end's elsewhere.
            assert_eq!(paint(&[0.0], 0.0), paint(&[0.0], 1.0));
            assert_eq!(paint(&[1e-20], 0.0), top);
            assert_eq!(paint(&[-1e-20], 0.0), paint(&[-5.0], 1.0));
            if colours != Colours::Signed {
                assert_eq!(paint(&[-5.0], 1.0), paint(&[0.0], 1.0));
            }
        }
    }
}

/// A device as the window would have it, with the limits that every device has.
fn window() -> (wgpu::Device, wgpu::Queue) {
    pollster::block_on(adapter().request_device(&wgpu::DeviceDescriptor::default()))
        .expect("a device")
}

/// The texture's bytes.
fn read(device: &wgpu::Device, queue: &wgpu::Queue, texture: &wgpu::Texture) -> Vec<u8> {
    let (width, height) = (texture.width(), texture.height());
    let pitch = (width * 4).next_multiple_of(256);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: u64::from(pitch * height),
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(pitch),
                rows_per_image: None,
            },
        },
        texture.size(),
    );
    queue.submit([encoder.finish()]);
    buffer.map_async(wgpu::MapMode::Read, .., |_| {});
    device
        .poll(wgpu::PollType::wait_indefinitely())
        .expect("a wait");
    let view = buffer.get_mapped_range(..).expect("mapped");
    view.chunks(pitch as usize)
        .flat_map(|row| row[..width as usize * 4].to_vec())
        .collect()
}

#[test]
fn textures_hold_the_same_bytes() {
    let (device, queue) = window();
    let painter = HeatPainter::new(&device);
    for colours in ALL {
        for scale in SCALES {
            let mut values = awkward(scale);
            let (width, height) = (67, values.len() / 67);
            values.truncate(width * height);
            let texture = painter
                .paint(&device, &queue, &values, width, height, colours, scale)
                .unwrap();
            assert_eq!((texture.width(), texture.height()), (67, height as u32));
            assert_eq!(texture.format(), wgpu::TextureFormat::Rgba8Unorm);
            assert!(
                texture
                    .usage()
                    .contains(wgpu::TextureUsages::TEXTURE_BINDING)
            );
            let want = Cpu.colour(&values, colours, scale).unwrap();
            assert!(
                read(&device, &queue, &texture) == want,
                "{colours:?} {scale}"
            );
        }
    }
    let paint =
        |values: &[f32], w, h| painter.paint(&device, &queue, values, w, h, Colours::Magma, 1.0);
    assert_eq!(
        read(&device, &queue, &paint(&[], 0, 5).unwrap()),
        [0; 4 * 5]
    );
    assert!(paint(&[0.0; 5], 2, 3).is_err());
    assert!(paint(&vec![0.0; 9000], 9000, 1).is_err());
    // More than one dispatch.
    let (width, height) = (4099, 2100);
    let values = random(grid(1, 1, height, width), 1.2, 1);
    let texture = painter
        .paint(
            &device,
            &queue,
            &values,
            width,
            height,
            Colours::Signed,
            1.0,
        )
        .unwrap();
    assert!(read(&device, &queue, &texture) == Cpu.colour(&values, Colours::Signed, 1.0).unwrap());
}

#[test]
fn views_of_a_perturbation() {
    let g = grid(1, 2, 2, 3);
    let values: Vec<f32> = (1..=12).map(|v| v as f32).collect();
    assert_eq!(channel_mean(g, &values), [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    let norms = pixel_norm(
        g,
        &[
            3.0, 0.0, 0.0, 0.0, 0.0, 0.0, -4.0, 0.0, 0.0, 0.0, 0.0, 1e-30,
        ],
    );
    assert_eq!(norms, [5.0, 0.0, 0.0, 0.0, 0.0, 1e-30]);
    // numpy.fft.fftshift of [[0, 1, 2], [3, 4, 5]] is [[5, 3, 4], [2, 0, 1]].
    let g = grid(1, 1, 2, 3);
    let magnitudes: Vec<f32> = (0..6).map(|e| 10_f32.powi(e)).collect();
    let view = log_spectrum(g, &magnitudes);
    let want = [5.0, 3.0, 4.0, 2.0, 0.0, 1.0];
    for (a, b) in view.values.iter().zip(want) {
        assert!((a - b).abs() < 1e-6, "{:?}", view.values);
    }
    assert!(view.low.abs() < 1e-6 && (view.high - 5.0).abs() < 1e-6);
    // Nothing at all is 1e-12.
    let dark = log_spectrum(grid(1, 3, 4, 5), &[0.0; 60]);
    assert_eq!((dark.low, dark.high), (-12.0, -12.0));
    for odd in [grid(1, 0, 4, 5), grid(1, 3, 0, 5), grid(1, 3, 4, 0)] {
        assert_eq!(log_spectrum(odd, &[]).values.len(), odd.plane());
    }
    // One wave along x shows as two points beside the centre.
    let g = grid(1, 1, 8, 9);
    let wave: Vec<f32> = (0..72)
        .map(|i| (std::f64::consts::TAU * f64::from(i % 9) / 9.0).cos() as f32)
        .collect();
    let view = log_spectrum(g, &Cpu.magnitudes(g, &wave).unwrap());
    let mut order: Vec<usize> = (0..72).collect();
    order.sort_by(|&a, &b| view.values[b].total_cmp(&view.values[a]));
    order.truncate(2);
    order.sort_unstable();
    assert_eq!(order, [4 * 9 + 3, 4 * 9 + 5]);
}

//! The colours of both themes, by meaning.

use egui::Color32;

/// The palette of one theme. What is written in `text`, `weak`, `accent`, `good`, `bad` or `warn` has a contrast of 4.5:1 or
/// more on every ground.
#[derive(Debug, Clone, Copy)]
pub struct Tokens {
    /// Behind the centre.
    pub base: Color32,
    /// Rail, browser, inspector, bars.
    pub panel: Color32,
    /// Cards, buttons, inputs.
    pub raised: Color32,
    /// Under the pointer.
    pub hover: Color32,
    /// Hairlines.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Text of less weight.
    pub weak: Color32,
    /// Selection and focus.
    pub accent: Color32,
    /// Behind what is selected.
    pub accent_back: Color32,
    /// The right answer.
    pub good: Color32,
    /// Behind the right answer.
    pub good_back: Color32,
    /// The near miss.
    pub bad: Color32,
    /// Behind the near miss.
    pub bad_back: Color32,
    /// A warning.
    pub warn: Color32,
    /// A score bar.
    pub bar: Color32,
    /// Behind a score bar.
    pub track: Color32,
}

/// Behind the one button that matters most; its text is white.
pub const PRIMARY: [Color32; 2] = [rgb(0x003a_6cac), rgb(0x0019_5ba6)];

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// On dark ground.
pub const DARK: Tokens = Tokens {
    base: rgb(0x0011_1217),
    panel: rgb(0x0016_181e),
    raised: rgb(0x0020_232b),
    hover: rgb(0x002a_2e38),
    line: rgb(0x0028_2b34),
    text: rgb(0x00e3_e6ec),
    weak: rgb(0x0098_9fac),
    accent: rgb(0x005c_a3e6),
    accent_back: rgb(0x0024_3552),
    good: rgb(0x0061_c67c),
    good_back: rgb(0x001a_2a21),
    bad: rgb(0x00ec_8680),
    bad_back: rgb(0x0030_1e20),
    warn: rgb(0x00e0_b45c),
    bar: rgb(0x005f_87b8),
    track: rgb(0x0026_2a33),
};

/// On light ground.
const LIGHT: Tokens = Tokens {
    base: rgb(0x00ff_ffff),
    panel: rgb(0x00f5_f6f8),
    raised: rgb(0x00e9_ecf0),
    hover: rgb(0x00de_e2e8),
    line: rgb(0x00da_dee5),
    text: rgb(0x001c_1f26),
    weak: rgb(0x005a_6270),
    accent: rgb(0x0019_5ba6),
    accent_back: rgb(0x00d6_e6f8),
    good: rgb(0x0016_672f),
    good_back: rgb(0x00e0_f3e6),
    bad: rgb(0x00b0_2f28),
    bad_back: rgb(0x00fb_e6e4),
    warn: rgb(0x007a_5200),
    bar: rgb(0x004f_86c2),
    track: rgb(0x00e1_e5eb),
};

/// On dark ground, for the colour-blind: right is cyan, the near miss orange, a warning yellow.
const DARK_SAFE: Tokens = Tokens {
    good: rgb(0x004f_c3dc),
    good_back: rgb(0x0014_2a30),
    bad: rgb(0x00f0_9a4a),
    bad_back: rgb(0x0032_2114),
    warn: rgb(0x00e8_d66a),
    ..DARK
};

/// On light ground, for the colour-blind.
const LIGHT_SAFE: Tokens = Tokens {
    good: rgb(0x0000_6378),
    good_back: rgb(0x00da_f1f6),
    bad: rgb(0x0096_3f00),
    bad_back: rgb(0x00fd_e9d6),
    warn: rgb(0x0066_5a00),
    ..LIGHT
};

/// The usual palette and that for the colour-blind, on dark ground or light.
pub(super) const fn of(dark: bool) -> [Tokens; 2] {
    if dark {
        [DARK, DARK_SAFE]
    } else {
        [LIGHT, LIGHT_SAFE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, by WCAG 2.2.
    fn luminance(colour: Color32) -> f64 {
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    /// The light of a channel of sRGB.
    fn linear(byte: u8) -> f64 {
        let v = f64::from(byte) / 255.0;
        if v <= 0.04045 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_stands_out_from_every_ground_in_both_themes() {
        assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 1e-9);
        let all = [
            ("dark", DARK),
            ("light", LIGHT),
            ("dark, safe", DARK_SAFE),
            ("light, safe", LIGHT_SAFE),
        ];
        for (name, t) in all {
            let inks = [
                ("text", t.text),
                ("weak", t.weak),
                ("accent", t.accent),
                ("good", t.good),
                ("bad", t.bad),
                ("warn", t.warn),
            ];
            let grounds = [
                ("base", t.base),
                ("panel", t.panel),
                ("raised", t.raised),
                ("hover", t.hover),
                ("accent_back", t.accent_back),
                ("good_back", t.good_back),
                ("bad_back", t.bad_back),
            ];
            for (ink, colour) in inks {
                for (ground, back) in grounds {
                    let found = contrast(colour, back);
                    assert!(found >= 4.5, "{name}: {ink} on {ground} {found:.2}");
                }
            }
        }
        for ground in PRIMARY {
            assert!(contrast(Color32::WHITE, ground) >= 4.5);
        }
    }

    /// What a colour looks like without one kind of cones, in linear RGB: Machado, Oliveira and Fernandes 2009, table 1
    /// (severity 1.0).
    const BLIND: [(&str, [[f64; 3]; 3]); 3] = [
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    /// CIE L*a*b* (D65) of a colour as seen through `eyes`.
    fn lab(colour: Color32, eyes: &[[f64; 3]; 3]) -> [f64; 3] {
        let linear = [colour.r(), colour.g(), colour.b()].map(linear);
        let times = |m: &[[f64; 3]; 3], v: [f64; 3]| {
            m.map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum::<f64>())
        };
        let seen = times(eyes, linear).map(|v: f64| v.clamp(0.0, 1.0));
        let to_xyz = [
            [0.4124, 0.3576, 0.1805],
            [0.2126, 0.7152, 0.0722],
            [0.0193, 0.1192, 0.9505],
        ];
        let f = |t: f64| {
            if t > 216.0 / 24_389.0 {
                t.cbrt()
            } else {
                (24_389.0 / 27.0 * t + 16.0) / 116.0
            }
        };
        let [x, y, z] = times(&to_xyz, seen);
        let [x, y, z] = [f(x / 0.9505), f(y), f(z / 1.089)];
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn the_colour_blind_tell_right_from_wrong() {
        let far = |a: Color32, b: Color32, eyes| {
            let (a, b) = (lab(a, eyes), lab(b, eyes));
            let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
            squares.sum::<f64>().sqrt()
        };
        let all = [("dark, safe", DARK_SAFE), ("light, safe", LIGHT_SAFE)];
        for (name, t) in all {
            for (kind, eyes) in &BLIND {
                let found = far(t.good, t.bad, eyes);
                assert!(found > 40.0, "{name}, {kind}: {found:.0}");
            }
        }
        // Which the usual colours do not give.
        assert!(far(LIGHT.good, LIGHT.bad, &BLIND[1].1) < 40.0);
    }
}

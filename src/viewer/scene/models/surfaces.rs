//! A model's materials and pictures as the engine's: what the scene's surfaces look like.

use std::collections::HashMap;

use bevy::asset::RenderAssetUsages;
use bevy::image::{ImageAddressMode, ImageFilterMode, ImageSampler};
use bevy::mesh::UvChannel;
use bevy::prelude::*;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};

use crate::cad::{self, Model};
use crate::viewer::scene::look::{TwinMaterial, TwinPbr};

/// What makes two surfaces look the same; `None` for one with textures.
pub(super) fn share_key(material: &cad::Material) -> Option<[u32; 12]> {
    let textured = material.base_color_texture.is_some()
        || material.metallic_roughness_texture.is_some()
        || material.normal_texture.is_some()
        || material.occlusion_texture.is_some()
        || material.emissive_texture.is_some();
    let [r, g, b, a] = material.base_color.map(f32::to_bits);
    let [er, eg, eb] = material.emissive.map(f32::to_bits);
    let alpha = match material.alpha {
        cad::AlphaMode::Opaque => (0, 0),
        cad::AlphaMode::Blend => (1, 0),
        cad::AlphaMode::Mask(cutoff) => (2, cutoff.to_bits()),
    };
    let flags = alpha.0 | u32::from(material.double_sided) << 2 | u32::from(material.unlit) << 3;
    let (metallic, roughness) = (material.metallic.to_bits(), material.roughness.to_bits());
    (!textured).then_some([r, g, b, a, er, eg, eb, metallic, roughness, alpha.1, flags, 0])
}

/// A surface of the file; the engine's plain one where it states none.
pub(super) fn pbr(source: Option<&cad::Material>, textures: &Textures) -> TwinPbr {
    let extension = TwinMaterial {};
    let Some(source) = source else {
        return TwinPbr { base: StandardMaterial::default(), extension };
    };
    let texture = |of: Option<cad::TextureRef>, is_color: bool| {
        of.and_then(|of| textures.get(&(of.texture, is_color)).cloned())
    };
    let channel = |of: Option<cad::TextureRef>| match of.map(|of| of.channel) {
        Some(1) => UvChannel::Uv1,
        _ => UvChannel::Uv0,
    };
    let [r, g, b, a] = source.base_color;
    let [er, eg, eb] = source.emissive;
    let base = StandardMaterial {
        base_color: Color::linear_rgba(r, g, b, a),
        base_color_texture: texture(source.base_color_texture, true),
        base_color_channel: channel(source.base_color_texture),
        metallic: source.metallic,
        perceptual_roughness: source.roughness,
        metallic_roughness_texture: texture(source.metallic_roughness_texture, false),
        metallic_roughness_channel: channel(source.metallic_roughness_texture),
        normal_map_texture: texture(source.normal_texture, false),
        normal_map_channel: channel(source.normal_texture),
        occlusion_texture: texture(source.occlusion_texture, false),
        occlusion_channel: channel(source.occlusion_texture),
        emissive: LinearRgba::rgb(er, eg, eb),
        emissive_exposure_weight: 0.0,
        emissive_texture: texture(source.emissive_texture, true),
        emissive_channel: channel(source.emissive_texture),
        double_sided: source.double_sided,
        cull_mode: (!source.double_sided).then_some(bevy::render::render_resource::Face::Back),
        unlit: source.unlit,
        alpha_mode: match source.alpha {
            cad::AlphaMode::Opaque => AlphaMode::Opaque,
            cad::AlphaMode::Mask(cutoff) => AlphaMode::Mask(cutoff),
            cad::AlphaMode::Blend => AlphaMode::Blend,
        },
        ..StandardMaterial::default()
    };
    TwinPbr { base, extension }
}

/// The pictures on the graphics card, by texture and by whether they are colours.
pub(super) type Textures = HashMap<(usize, bool), Handle<Image>>;

/// Pictures as textures, each in the ways in which materials show it. What a side beyond `longest` has
/// is halved until it fits; `tell` gets what was done.
pub(super) fn textures(
    model: &Model,
    pictures: Vec<cad::Image>,
    longest: u32,
    images: &mut Assets<Image>,
    tell: &mut dyn FnMut(String),
) -> Textures {
    let fitting = |mut picture: cad::Image| {
        let (width, height) = (picture.width, picture.height);
        while picture.width.max(picture.height) > longest.max(1) {
            picture = picture.halved();
        }
        if picture.width != width {
            tell(format!(
                "the picture `{}` has {width} × {height} pixels, more than this graphics processor \
                 takes: it is shown with {} × {}",
                picture.name, picture.width, picture.height
            ));
        }
        picture
    };
    let pictures: Vec<cad::Image> = pictures.into_iter().map(fitting).collect();
    let mut textures = Textures::new();
    for material in &model.materials {
        let shown = [
            (material.base_color_texture, true),
            (material.emissive_texture, true),
            (material.metallic_roughness_texture, false),
            (material.normal_texture, false),
            (material.occlusion_texture, false),
        ];
        for (texture, is_color) in shown {
            let Some(at) = texture.map(|texture| texture.texture) else { continue };
            let Some(texture) = model.textures.get(at) else { continue };
            let Some(picture) = pictures.get(texture.image) else { continue };
            textures
                .entry((at, is_color))
                .or_insert_with(|| images.add(image(picture, texture, is_color)));
        }
    }
    textures
}

fn image(picture: &cad::Image, texture: &cad::Texture, is_color: bool) -> Image {
    let size = Extent3d { width: picture.width, height: picture.height, depth_or_array_layers: 1 };
    let format = match is_color {
        true => TextureFormat::Rgba8UnormSrgb,
        false => TextureFormat::Rgba8Unorm,
    };
    let dimension = TextureDimension::D2;
    // Nothing looks at the pixels once they are on the graphics card.
    let usage = RenderAssetUsages::RENDER_WORLD;
    let mut image = Image::new(size, dimension, picture.rgba.clone(), format, usage);
    let wrap = |wrap: cad::Wrap| match wrap {
        cad::Wrap::Repeat => ImageAddressMode::Repeat,
        cad::Wrap::Mirror => ImageAddressMode::MirrorRepeat,
        cad::Wrap::Clamp => ImageAddressMode::ClampToEdge,
    };
    let mut sampler = ImageSampler::linear();
    let descriptor = sampler.get_or_init_descriptor();
    descriptor.address_mode_u = wrap(texture.wrap[0]);
    descriptor.address_mode_v = wrap(texture.wrap[1]);
    if !texture.smooth {
        descriptor.set_filter(ImageFilterMode::Nearest);
    }
    image.sampler = sampler;
    image
}

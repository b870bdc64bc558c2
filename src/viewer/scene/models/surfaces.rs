//! A model's materials and pictures as the engine's: what the scene's surfaces look like.

use bevy::image::{
    CompressedImageFormats, ImageAddressMode, ImageFilterMode, ImageSampler, ImageType,
};
use bevy::prelude::*;

use crate::cad::{self, Model};
use crate::viewer::base::Palette;
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

/// Colours of what is selected and what is under the pointer.
pub(super) fn highlight(palette: &Palette) -> TwinMaterial {
    let scene = &palette.scene;
    TwinMaterial { selected: scene.selected.into(), hovered: scene.hovered.into() }
}

/// Another theme, other colours.
pub(super) fn recolour(palette: Res<Palette>, mut materials: ResMut<Assets<TwinPbr>>) {
    if palette.is_changed() && !palette.is_added() {
        let now = highlight(&palette);
        for (_, material) in materials.iter_mut() {
            material.extension = now.clone();
        }
    }
}

pub(super) fn pbr(
    source: Option<&cad::Material>,
    textures: &[[Option<Handle<Image>>; 2]],
    highlight: &TwinMaterial,
) -> TwinPbr {
    let extension = highlight.clone();
    let Some(source) = source else {
        return TwinPbr { base: StandardMaterial::default(), extension };
    };
    let texture = |of: Option<cad::TextureRef>, linear: usize| {
        of.and_then(|of| textures.get(of.0)?[linear].clone())
    };
    let [r, g, b, a] = source.base_color;
    let [er, eg, eb] = source.emissive;
    let base = StandardMaterial {
        base_color: Color::linear_rgba(r, g, b, a),
        base_color_texture: texture(source.base_color_texture, 0),
        metallic: source.metallic,
        perceptual_roughness: source.roughness,
        metallic_roughness_texture: texture(source.metallic_roughness_texture, 1),
        normal_map_texture: texture(source.normal_texture, 1),
        occlusion_texture: texture(source.occlusion_texture, 1),
        emissive: LinearRgba::rgb(er, eg, eb),
        emissive_exposure_weight: 0.0,
        emissive_texture: texture(source.emissive_texture, 0),
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

/// Each texture as colour and as plain numbers; `None` where the picture cannot be read.
pub(super) fn textures(
    model: &Model,
    images: &mut Assets<Image>,
) -> Vec<[Option<Handle<Image>>; 2]> {
    let mut read = |texture: &cad::Texture, srgb: bool| {
        let source = model.images.get(texture.image)?;
        let wrap = |repeat: bool| {
            if repeat { ImageAddressMode::Repeat } else { ImageAddressMode::ClampToEdge }
        };
        let mut sampler = ImageSampler::linear();
        let descriptor = sampler.get_or_init_descriptor();
        descriptor.address_mode_u = wrap(texture.repeat[0]);
        descriptor.address_mode_v = wrap(texture.repeat[1]);
        if !texture.smooth {
            descriptor.set_filter(ImageFilterMode::Nearest);
        }
        let decoded = Image::from_buffer(
            &source.bytes,
            ImageType::MimeType(&source.mime),
            CompressedImageFormats::NONE,
            srgb,
            sampler,
            bevy::asset::RenderAssetUsages::default(),
        );
        match decoded {
            Ok(image) => Some(images.add(image)),
            Err(error) => {
                log::warn!("the picture `{}` cannot be read: {error}", source.name);
                None
            }
        }
    };
    model.textures.iter().map(|texture| [read(texture, true), read(texture, false)]).collect()
}

"""Published receptive fields, and how the same networks are said in our notation and found in torchvision.

The figures are those of receptive_field/RECEPTIVE_FIELD_TABLE.md in github.com/google-research/receptive_field
at commit cfbfe6baa842d4adb3dcd4bc5dcd11cfd6595483, which accompanies Araujo, Norris and Sim, "Computing Receptive
Fields of Convolutional Neural Networks", Distill 2019. They were computed from the TensorFlow graphs of TF-Slim's
networks. Endpoints are named as there, resolutions too: None where the size of the image is left open.

Effective padding is that on the left and at the top. A sentence has the windows of its network; its norms,
activations and biases are the defaults of our words, which change none of these figures.
"""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """A row of the table; `padding` is None where it depends on the size of the image."""

    rf: int
    stride: int
    padding: int | None


# alexnet_v2 at None, 224 and 321
ALEXNET_V2: dict[str, Published] = {
    "alexnet_v2/conv1": Published(11, 4, 0),
    "alexnet_v2/pool1": Published(19, 8, 0),
    "alexnet_v2/conv2": Published(51, 8, 16),
    "alexnet_v2/conv3": Published(99, 16, 32),
    "alexnet_v2/conv4": Published(131, 16, 48),
    "alexnet_v2/conv5": Published(163, 16, 64),
    "alexnet_v2/pool5": Published(195, 32, 64),
}

ALEXNET_V2_SENTENCE = (
    "conv(64, kernel=11, stride=4, padding=0) maxpool(3, stride=2) conv(192, kernel=5) maxpool(3, stride=2)"
    " conv(384) conv(384) conv(256) maxpool(3, stride=2)"
)

# endpoint -> path of its word
ALEXNET_V2_WORDS: dict[str, str] = {
    "alexnet_v2/conv1": "1",
    "alexnet_v2/pool1": "2",
    "alexnet_v2/conv2": "3",
    "alexnet_v2/conv3": "5",
    "alexnet_v2/conv4": "6",
    "alexnet_v2/conv5": "7",
    "alexnet_v2/pool5": "8",
}

# endpoint -> module of torchvision.models.alexnet, with the published receptive fields and strides. Its first
# convolution pads 2 where TF-Slim's pads nothing, so effective padding is 2 more everywhere. By hand:
#   0 conv 11, stride 4, padding 2   11   4   2
#   2 maxpool 3, stride 2            19   8   2
#   3 conv 5, padding 2              51   8  18
#   5 maxpool 3, stride 2            67  16  18
#   6 conv 3, padding 1              99  16  34
#   8 conv 3, padding 1             131  16  50
#  10 conv 3, padding 1             163  16  66
#  12 maxpool 3, stride 2           195  32  66, where `features` ends
ALEXNET_MODULES: dict[str, str] = {
    "alexnet_v2/conv1": "features.0",
    "alexnet_v2/pool1": "features.2",
    "alexnet_v2/conv2": "features.3",
    "alexnet_v2/conv3": "features.6",
    "alexnet_v2/conv4": "features.8",
    "alexnet_v2/conv5": "features.10",
    "alexnet_v2/pool5": "features.12",
}
ALEXNET_MORE_PADDING = 2

# vgg_16 at None, 224 and 321
VGG_16: dict[str, Published] = {
    "vgg_16/conv1/conv1_1": Published(3, 1, 1),
    "vgg_16/pool1": Published(6, 2, 2),
    "vgg_16/conv2/conv2_1": Published(10, 2, 4),
    "vgg_16/pool2": Published(16, 4, 6),
    "vgg_16/conv3/conv3_1": Published(24, 4, 10),
    "vgg_16/conv3/conv3_2": Published(32, 4, 14),
    "vgg_16/pool3": Published(44, 8, 18),
    "vgg_16/conv4/conv4_1": Published(60, 8, 26),
    "vgg_16/conv4/conv4_2": Published(76, 8, 34),
    "vgg_16/pool4": Published(100, 16, 42),
    "vgg_16/conv5/conv5_1": Published(132, 16, 58),
    "vgg_16/conv5/conv5_2": Published(164, 16, 74),
    "vgg_16/pool5": Published(212, 32, 90),
}

VGG_16_SENTENCE = (
    "conv(64) conv(64) maxpool(2) conv(128) conv(128) maxpool(2) conv(256) conv(256) conv(256) maxpool(2)"
    " conv(512) conv(512) conv(512) maxpool(2) conv(512) conv(512) conv(512) maxpool(2)"
)

# endpoint -> path of its word
VGG_16_WORDS: dict[str, str] = {
    "vgg_16/conv1/conv1_1": "1",
    "vgg_16/pool1": "3",
    "vgg_16/conv2/conv2_1": "4",
    "vgg_16/pool2": "6",
    "vgg_16/conv3/conv3_1": "7",
    "vgg_16/conv3/conv3_2": "8",
    "vgg_16/pool3": "10",
    "vgg_16/conv4/conv4_1": "11",
    "vgg_16/conv4/conv4_2": "12",
    "vgg_16/pool4": "14",
    "vgg_16/conv5/conv5_1": "15",
    "vgg_16/conv5/conv5_2": "16",
    "vgg_16/pool5": "18",
}

# endpoint -> module of torchvision.models.vgg16, with all three published figures: its windows are TF-Slim's. By
# hand, after each maxpool: 6 2 2, 16 4 6, 44 8 18, 100 16 42 and, where `features` ends, 212 32 90.
VGG_16_MODULES: dict[str, str] = {
    "vgg_16/conv1/conv1_1": "features.0",
    "vgg_16/pool1": "features.4",
    "vgg_16/conv2/conv2_1": "features.5",
    "vgg_16/pool2": "features.9",
    "vgg_16/conv3/conv3_1": "features.10",
    "vgg_16/conv3/conv3_2": "features.12",
    "vgg_16/pool3": "features.16",
    "vgg_16/conv4/conv4_1": "features.17",
    "vgg_16/conv4/conv4_2": "features.19",
    "vgg_16/pool4": "features.23",
    "vgg_16/conv5/conv5_1": "features.24",
    "vgg_16/conv5/conv5_2": "features.26",
    "vgg_16/pool5": "features.30",
}

# inception_v3 at None, 224 and 321
INCEPTION_V3: dict[str, Published] = {
    "Conv2d_1a_3x3": Published(3, 2, 0),
    "Conv2d_2a_3x3": Published(7, 2, 0),
    "Conv2d_2b_3x3": Published(11, 2, 2),
    "MaxPool_3a_3x3": Published(15, 4, 2),
    "Conv2d_3b_1x1": Published(15, 4, 2),
    "Conv2d_4a_3x3": Published(23, 4, 2),
    "MaxPool_5a_3x3": Published(31, 8, 2),
    "Mixed_5b": Published(63, 8, 18),
    "Mixed_5c": Published(95, 8, 34),
    "Mixed_5d": Published(127, 8, 50),
    "Mixed_6a": Published(159, 16, 58),
    "Mixed_6b": Published(351, 16, 154),
    "Mixed_6c": Published(543, 16, 250),
    "Mixed_6d": Published(735, 16, 346),
    "Mixed_6e": Published(927, 16, 442),
    "Mixed_7a": Published(1055, 32, 490),
    "Mixed_7b": Published(1183, 32, 554),
    "Mixed_7c": Published(1311, 32, 618),
}

# endpoint -> module of torchvision.models.inception_v3 whose output it is, with all three published figures at
# every endpoint. Its padding is TF-Slim's throughout: VALID is 0, and SAME stands only where stride is 1 and the
# kernel odd, so that it is symmetrical at any size. Branches are aligned wherever they join: the hull of what they
# see is what the largest sees, which is the one that the table follows.
INCEPTION_V3_MODULES: dict[str, str] = {
    "Conv2d_1a_3x3": "Conv2d_1a_3x3",
    "Conv2d_2a_3x3": "Conv2d_2a_3x3",
    "Conv2d_2b_3x3": "Conv2d_2b_3x3",
    "MaxPool_3a_3x3": "maxpool1",
    "Conv2d_3b_1x1": "Conv2d_3b_1x1",
    "Conv2d_4a_3x3": "Conv2d_4a_3x3",
    "MaxPool_5a_3x3": "maxpool2",
    "Mixed_5b": "Mixed_5b",
    "Mixed_5c": "Mixed_5c",
    "Mixed_5d": "Mixed_5d",
    "Mixed_6a": "Mixed_6a",
    "Mixed_6b": "Mixed_6b",
    "Mixed_6c": "Mixed_6c",
    "Mixed_6d": "Mixed_6d",
    "Mixed_6e": "Mixed_6e",
    "Mixed_7a": "Mixed_7a",
    "Mixed_7b": "Mixed_7b",
    "Mixed_7c": "Mixed_7c",
}

# mobilenet_v1 at None
MOBILENET_V1: dict[str, Published] = {
    "Conv2d_0": Published(3, 2, None),
    "Conv2d_1_pointwise": Published(7, 2, None),
    "Conv2d_2_pointwise": Published(11, 4, None),
    "Conv2d_3_pointwise": Published(19, 4, None),
    "Conv2d_4_pointwise": Published(27, 8, None),
    "Conv2d_5_pointwise": Published(43, 8, None),
    "Conv2d_6_pointwise": Published(59, 16, None),
    "Conv2d_7_pointwise": Published(91, 16, None),
    "Conv2d_8_pointwise": Published(123, 16, None),
    "Conv2d_9_pointwise": Published(155, 16, None),
    "Conv2d_10_pointwise": Published(187, 16, None),
    "Conv2d_11_pointwise": Published(219, 16, None),
    "Conv2d_12_pointwise": Published(251, 32, None),
    "Conv2d_13_pointwise": Published(315, 32, None),
}

MOBILENET_V1_224: dict[str, Published] = {
    "Conv2d_0": Published(3, 2, 0),
    "Conv2d_1_pointwise": Published(7, 2, 2),
    "Conv2d_2_pointwise": Published(11, 4, 2),
    "Conv2d_3_pointwise": Published(19, 4, 6),
    "Conv2d_4_pointwise": Published(27, 8, 6),
    "Conv2d_5_pointwise": Published(43, 8, 14),
    "Conv2d_6_pointwise": Published(59, 16, 14),
    "Conv2d_7_pointwise": Published(91, 16, 30),
    "Conv2d_8_pointwise": Published(123, 16, 46),
    "Conv2d_9_pointwise": Published(155, 16, 62),
    "Conv2d_10_pointwise": Published(187, 16, 78),
    "Conv2d_11_pointwise": Published(219, 16, 94),
    "Conv2d_12_pointwise": Published(251, 32, 94),
    "Conv2d_13_pointwise": Published(315, 32, 126),
}

MOBILENET_V1_321: dict[str, Published] = {
    "Conv2d_0": Published(3, 2, 1),
    "Conv2d_1_pointwise": Published(7, 2, 3),
    "Conv2d_2_pointwise": Published(11, 4, 5),
    "Conv2d_3_pointwise": Published(19, 4, 9),
    "Conv2d_4_pointwise": Published(27, 8, 13),
    "Conv2d_5_pointwise": Published(43, 8, 21),
    "Conv2d_6_pointwise": Published(59, 16, 29),
    "Conv2d_7_pointwise": Published(91, 16, 45),
    "Conv2d_8_pointwise": Published(123, 16, 61),
    "Conv2d_9_pointwise": Published(155, 16, 77),
    "Conv2d_10_pointwise": Published(187, 16, 93),
    "Conv2d_11_pointwise": Published(219, 16, 109),
    "Conv2d_12_pointwise": Published(251, 32, 125),
    "Conv2d_13_pointwise": Published(315, 32, 157),
}

# At 224 every map that a stride of 2 halves is even (224, 112, 56, 28, 14), and there TensorFlow's SAME pads a
# 3 x 3 with 0 before and 1 after, which the notation cannot say. With 0 on both sides all three published figures
# are met, but the maps are smaller (111, 55, 27, 13, 6 instead of 112, 56, 28, 14, 7): shapes, MACs and what lies
# inside the image cannot be compared.
# TF-Slim has norm and activation also between the two parts of what is a `sep` here, which has none there.
MOBILENET_V1_224_SENTENCE = (
    "conv(32, stride=2, padding=0) sep(64) sep(128, stride=2, padding=0) sep(128) sep(256, stride=2, padding=0)"
    " sep(256) sep(512, stride=2, padding=0) sep(512) sep(512) sep(512) sep(512) sep(512)"
    " sep(1024, stride=2, padding=0) sep(1024)"
)

# At 321 these maps are odd (321, 161, 81, 41, 21), and SAME pads 1 on both sides, as our default does: all three
# published figures are met, and the maps have TensorFlow's sizes.
MOBILENET_V1_321_SENTENCE = MOBILENET_V1_224_SENTENCE.replace(", padding=0", "")

# endpoint -> path of its word, in both sentences
MOBILENET_V1_WORDS: dict[str, str] = {name: str(path) for path, name in enumerate(MOBILENET_V1, start=1)}

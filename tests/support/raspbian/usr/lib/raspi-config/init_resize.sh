#!/bin/sh
# Does what Raspbian's script of this name does: started once instead of init, it makes the root
# partition as large as the card, gives the card another id, and starts the machine again. Written
# for this stand-in; like the original, it has nothing but what the kernel gives.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin

restart() {
    umount /boot
    mount -o remount,ro /
    sync
    echo 1 >/proc/sys/kernel/sysrq
    echo b >/proc/sysrq-trigger
    sleep 60
}

mountpoint -q /proc || mount -t proc proc /proc
mountpoint -q /sys || mount -t sysfs sysfs /sys
mountpoint -q /run || mount -t tmpfs tmpfs /run
mount /boot || exit 1

# First of all: whatever goes wrong later, the next start is an ordinary one.
sed -i 's# init=/usr/lib/raspi-config/init_resize.sh##; s# quiet##' /boot/cmdline.txt
sync

root=$(findmnt --noheadings --nofsroot --output SOURCE /)
disk=/dev/$(lsblk --noheadings --nodeps --output PKNAME "$root")
echo "init_resize: $root becomes as large as $disk"
# (The original asks parted, which has its own questions where no terminal is.)
echo ',+' | sfdisk --no-reread --force -N 2 "$disk" ||
    echo "init_resize: the partition stays as it is"

old=$(sfdisk --disk-id "$disk")
new=0x$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')
if sfdisk --no-reread --force --disk-id "$disk" "$new"; then
    mount -o remount,rw /
    sed -i "s/${old#0x}/${new#0x}/g" /etc/fstab /boot/cmdline.txt
    echo "init_resize: the id of $disk was $old and is $new"
fi
restart
